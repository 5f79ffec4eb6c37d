"""Keeps a position equal to its account's trades, one booking at a time.

The arithmetic is the server's: `trading.add_fill`, the same for single fills and for loads.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import BigInteger, Cast, ColumnElement, DateTime, Numeric, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from warehouse.db.sessions import AsyncWriteSession
from warehouse.ingest.booking.fills import Fill
from warehouse.models.reference import Instrument
from warehouse.models.trading import Position, TradeType

ZERO = Decimal(0)
MONEY: Numeric[Decimal] = Numeric()
MOMENT = DateTime(timezone=True)
NEVER = datetime.min.replace(tzinfo=UTC)


async def lock_accounts(session: AsyncWriteSession, account_ids: Iterable[int]) -> None:
    """Keep every other booking of these accounts waiting until the transaction ends."""
    await session.execute(select(func.trading.lock_accounts(_bigints(account_ids))))


async def rebook(session: AsyncWriteSession, pairs: Iterable[tuple[int, int]]) -> None:
    """Book positions, by account and instrument, anew from their openings."""
    pairs = sorted(set(pairs))
    accounts, instruments = zip(*pairs, strict=True)
    await session.execute(
        select(func.trading.rebook_positions(_bigints(accounts), _bigints(instruments)))
    )
    for pair in pairs:  # what the session knows of them is old
        await session.get(Position, pair, populate_existing=True)


@dataclass(frozen=True)
class Held:
    """A position before a booking, and the newest split; the account is locked, so it stays what it is."""

    position: Position
    split_at: datetime | None

    @classmethod
    async def find(cls, session: AsyncWriteSession, account_id: int, instrument_id: int) -> Self:
        """A pair that never traded has a position of nothing, not yet written."""
        found = await session.execute(
            select(func.trading.newest_split(Instrument.instrument_id, type_=MOMENT), Position)
            .outerjoin_from(
                Instrument,
                Position,
                (Position.instrument_id == Instrument.instrument_id)
                & (Position.account_id == account_id),
            )
            .where(Instrument.instrument_id == instrument_id)
            .execution_options(populate_existing=True)
        )
        split_at, position = found.one_or_none() or (None, None)
        if position is None:
            position = Position(
                account_id=account_id,
                instrument_id=instrument_id,
                quantity=ZERO,
                realized_pnl=ZERO,
            )
        elif split_at is not None and _seen(position) < split_at:
            await rebook(session, [(account_id, instrument_id)])
        return cls(position, split_at)

    def type_of(self, fill: Fill) -> TradeType | None:
        """What a fill does to it; nothing is told of one that both closes and opens, or is late."""
        before = self.position.quantity
        after = before + fill.change
        if not self._is_ahead(fill.executed_at) or before * after < 0:
            return None
        if abs(after) > abs(before):
            return TradeType.OPENING
        return TradeType.PARTIAL if after else TradeType.CLOSING

    async def add(self, session: AsyncWriteSession, fill: Fill) -> None:
        """Count a trade that was just written; a late one moves everything after it."""
        if self._is_ahead(fill.executed_at):
            await self._advance(session, fill)
        else:
            await rebook(session, [(fill.account_id, fill.instrument_id)])

    def _is_ahead(self, at: datetime) -> bool:
        """Whether neither the position nor a split has seen anything from that moment on."""
        return at > _seen(self.position) and (self.split_at is None or at >= self.split_at)

    async def _advance(self, session: AsyncWriteSession, fill: Fill) -> None:
        """In the server to the last digit: Python's decimals would round at the 28th."""
        position = self.position
        before = array([position.quantity, position.average_price or ZERO, ZERO], type_=MONEY)
        held = func.trading.add_fill(before, fill.change, fill.price, type_=ARRAY(MONEY))
        realized = held[3] * Instrument.multiplier + position.realized_pnl
        found = await session.execute(
            select(held[1], trimmed(held[2]), trimmed(realized)).where(
                Instrument.instrument_id == fill.instrument_id
            )
        )
        after: Any = found.one()
        position.quantity, average, position.realized_pnl = after
        position.average_price = average if position.quantity else None
        position.last_trade_at = fill.executed_at
        session.add(position)
        await session.flush()


def _seen(position: Position) -> datetime:
    """The last moment that a position knows of."""
    opened = position.opening_as_of and position.opening_as_of - timedelta(microseconds=1)
    return max(filter(None, (position.last_trade_at, opened)), default=NEVER)


def trimmed(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Without the zeros at the end that multiplying left."""
    return func.trim_scale(value, type_=MONEY)


def _bigints(numbers: Iterable[int]) -> Cast[Any]:
    return cast(list(numbers), ARRAY(BigInteger))
