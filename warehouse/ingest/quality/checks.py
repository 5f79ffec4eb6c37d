"""The checks: what each looks for, how far back it reaches, and from where on it complains.

Each is one statement, `warehouse/sql/quality/find_<check>.sql`, that reads its window and no more.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from warehouse.models.ops import QualityCheck


@dataclass(frozen=True)
class Thresholds:
    """From where on something is a finding."""

    hole_bars: int = 30  # intervals without a bar within a session
    stale_sessions: int = 2  # sessions without anything from a feed
    max_move: float = 0.4  # of a close from the close before it
    tolerance: float = 0.005  # between the closes that two sources tell

    def parameters(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """A check; a finding of it may begin so long before the window, or anywhere."""

    name: QualityCheck
    looks_for: str
    reach: timedelta | None = timedelta(0)

    @property
    def query(self) -> str:
        return f"quality/find_{self.name}"


CHECKS = (
    Check(QualityCheck.OHLC_ORDER, "option quotes beyond the session's range, or crossed"),
    Check(
        QualityCheck.CALENDAR_GAP, "sessions without bars, holes in a session", timedelta(days=30)
    ),
    Check(QualityCheck.STALE, "feeds that have fallen silent", reach=None),
    Check(QualityCheck.SPIKE, "closes far from the close before"),
    Check(QualityCheck.SOURCES_DISAGREE, "closes that differ between sources"),
    Check(QualityCheck.DUPLICATE, "trades that came again in another load"),
)
