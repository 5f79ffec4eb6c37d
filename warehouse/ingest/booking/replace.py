"""Corrections and busts: a further trade that takes an earlier one's place, or ends it.

Trades are append-only, so what is replaced stays to be read; positions and orders follow what stands.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from sqlalchemy import inspect

from warehouse.db.sessions import AsyncWriteSession
from warehouse.ingest.booking.book_fill import write_trade
from warehouse.ingest.booking.errors import TradeReplaced, UnknownTrade
from warehouse.ingest.booking.fills import TradeKey
from warehouse.ingest.booking.orders import correct_order, find_order
from warehouse.ingest.booking.positions import lock_accounts, rebook
from warehouse.models.trading import (
    PositionEffect,
    Side,
    Trade,
    TradeKind,
    TradeReplacement,
    TradeType,
)

DRAWN = {"trade_id", "event_id", "batch_id"}  # each row has its own


class TradeChanges(TypedDict, total=False):
    """What a correction may say anew; the rest stays as it was."""

    executed_at: datetime
    instrument_id: int
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    fees: Decimal
    position_effect: PositionEffect | None
    trade_type: TradeType | None
    settlement_date: date | None
    strategy_id: int | None
    source_id: int


async def correct_trade(
    session: AsyncWriteSession,
    key: TradeKey,
    external_id: str | None = None,
    **changes: Unpack[TradeChanges],
) -> Trade:
    """Book a correction of a trade in the caller's transaction; answers the trade that stands now."""
    return await _replace(session, key, TradeKind.CORRECTION, external_id, changes)


async def bust_trade(
    session: AsyncWriteSession, key: TradeKey, at: datetime, external_id: str | None = None
) -> Trade:
    """Book that a trade is void, as of then, in the caller's transaction; answers the bust."""
    return await _replace(session, key, TradeKind.BUST, external_id, {"executed_at": at})


async def _replace(
    session: AsyncWriteSession,
    key: TradeKey,
    kind: TradeKind,
    external_id: str | None,
    changes: TradeChanges,
) -> Trade:
    await lock_accounts(session, [key.account_id])
    old = await _standing(session, key)
    names = {column.key for column in inspect(Trade).column_attrs} - DRAWN
    new = Trade(
        **{name: getattr(old, name) for name in names}
        | {"kind": kind, "replaces_executed_at": old.executed_at, "replaces_trade_id": old.trade_id}
        | changes
    )
    if old.order_id is not None:
        await _follow(session, old, new, old.order_id)
    await write_trade(session, new, external_id)
    await rebook(
        session, [(old.account_id, old.instrument_id), (new.account_id, new.instrument_id)]
    )
    return new


async def _standing(session: AsyncWriteSession, key: TradeKey) -> Trade:
    trade = await session.get(Trade, key)
    if trade is None:
        raise UnknownTrade(
            f"Account {key.account_id} has no trade {key.trade_id} of {key.executed_at}; nothing "
            "was booked. Its partition may have been retired: `warehouse partitions restore`."
        )
    later = await session.get(TradeReplacement, key)
    if later is not None or trade.kind is TradeKind.BUST:
        instead = f"trade {later.replaced_by_trade_id}" if later else "itself, a bust,"
        raise TradeReplaced(
            f"In place of trade {key.trade_id} stands {instead}; nothing was booked. "
            "Name the row that stands."
        )
    return trade


async def _follow(session: AsyncWriteSession, old: Trade, new: Trade, order_id: int) -> None:
    """Let the order that was filled count what stands now."""
    ordered = await find_order(session, old.account_id, order_id)
    changes: dict[int, Decimal] = {ordered.leg(old.instrument_id, old.side): -old.quantity}
    if new.kind is TradeKind.CORRECTION:
        leg = ordered.leg(new.instrument_id, new.side)
        changes[leg] = changes.get(leg, Decimal(0)) + new.quantity
    correct_order(ordered, changes, new.executed_at)
