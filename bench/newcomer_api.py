"""The service as it is often begun: a table a noun, an index a column, an ORM that blocks in async routes.

A baseline for bench/newcomer.py, which fills it; `uvicorn bench.newcomer_api:app` serves it.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime, Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from warehouse.db.engines import URL
from warehouse.db.target import primary

app = FastAPI()


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - as SQLAlchemy has it


class Trade(Base):
    __tablename__ = "newcomer_trades"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(index=True)
    symbol: Mapped[str] = mapped_column(index=True)
    side: Mapped[str]
    quantity: Mapped[Decimal]
    price: Mapped[Decimal]
    commission: Mapped[Decimal]
    executed_at: Mapped[datetime] = mapped_column(index=True)


class Bar(Base):
    __tablename__ = "newcomer_bars"

    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(index=True)
    bar_at: Mapped[datetime] = mapped_column(index=True)
    open: Mapped[Decimal]
    high: Mapped[Decimal]
    low: Mapped[Decimal]
    close: Mapped[Decimal]
    volume: Mapped[Decimal]


class TradeShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    commission: Decimal
    executed_at: datetime


@cache
def engine() -> Engine:
    return create_engine(URL, connect_args=primary().keywords())


def session() -> Iterator[Session]:
    with Session(engine()) as opened:
        yield opened


@app.get("/accounts/{account_id}/trades", response_model=list[TradeShown])
async def trades(
    account_id: int,
    since: datetime,
    until: datetime,
    db: Annotated[Session, Depends(session)],
    limit: int = 100,
) -> list[Trade]:
    found = (
        select(Trade)
        .where(Trade.account_id == account_id)
        .where(Trade.executed_at >= since, Trade.executed_at < until)
        .order_by(Trade.executed_at.desc())
        .limit(limit)
    )
    return list(db.scalars(found))
