"""All tables of the warehouse: importing this registers every one of them in `Base.metadata`."""

from warehouse.models import audit, library, market, ops, portfolio, reference, risk, trading
from warehouse.models.base import Base

__all__ = [
    "Base",
    "audit",
    "library",
    "market",
    "ops",
    "portfolio",
    "reference",
    "risk",
    "trading",
]
