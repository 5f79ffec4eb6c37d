"""Books one fill: the order's progress, the trade, its external id and the position, all or nothing.

`book_fill` works in its caller's transaction and leaves the commit to it; `book` is the edge that
owns one and repeats it when it met another writer. Loads are booked by `apply_fills`.
"""

from collections.abc import Iterable, Sequence

from tenacity import retry_if_exception

from warehouse.db.retry import async_retrying, is_transient
from warehouse.db.sessions import AsyncWriteSession, AuditContext, async_writing
from warehouse.errors import StaleRow
from warehouse.ingest.booking.errors import FillConflict
from warehouse.ingest.booking.fills import Fill, TradeKey
from warehouse.ingest.booking.orders import fill_order
from warehouse.ingest.booking.positions import Held, lock_accounts
from warehouse.models.trading import ExternalId, ExternalKind, Trade

SAME = ("instrument_id", "side", "quantity", "price", "order_id")


async def book(fills: Sequence[Fill], audit: AuditContext | None = None) -> list[TradeKey]:
    """Book fills in a transaction of their own, again when another writer was in the way.

    A commit whose outcome is unknown is not repeated; fills with external ids may be booked again.
    """

    async def work() -> list[TradeKey]:
        async with async_writing(audit=audit) as session:
            return [key_of(trade) for trade in await book_fills(session, fills)]

    return await async_retrying().copy(retry=retry_if_exception(_may_repeat))(work)


async def book_fills(session: AsyncWriteSession, fills: Iterable[Fill]) -> list[Trade]:
    """Book fills of any accounts in the caller's transaction; the accounts are locked in one order."""
    fills = list(fills)
    await lock_accounts(session, {fill.account_id for fill in fills})
    return [await book_fill(session, fill) for fill in fills]


async def book_fill(session: AsyncWriteSession, fill: Fill) -> Trade:
    """Book a fill in the caller's transaction; a fill that was booked before answers its trade.

    After an error the transaction is to be rolled back. Whoever books fills of several accounts in
    one transaction takes `book_fills`, or two of them can wait for each other.
    """
    await lock_accounts(session, [fill.account_id])
    if known := await _booked_before(session, fill):
        return known
    if fill.order_id is not None:
        await fill_order(session, fill, fill.order_id)
    held = await Held.find(session, fill.account_id, fill.instrument_id)
    trade = Trade(
        account_id=fill.account_id,
        executed_at=fill.executed_at,
        order_id=fill.order_id,
        instrument_id=fill.instrument_id,
        strategy_id=fill.strategy_id,
        side=fill.side,
        position_effect=fill.position_effect,
        trade_type=held.type_of(fill),
        quantity=fill.quantity,
        price=fill.price,
        commission=fill.commission,
        fees=fill.fees,
        settlement_date=fill.settlement_date,
        source_id=fill.source_id,
    )
    await write_trade(session, trade, fill.external_id)
    await held.add(session, fill)
    return trade


async def write_trade(session: AsyncWriteSession, trade: Trade, external_id: str | None) -> None:
    """Write a trade, and the source's id for it."""
    session.add(trade)
    await session.flush()
    if external_id is not None:
        session.add(
            ExternalId(
                account_id=trade.account_id,
                source_id=trade.source_id,
                kind=ExternalKind.TRADE,
                external_id=external_id,
                occurred_at=trade.executed_at,
                target_id=trade.trade_id,
            )
        )
        await session.flush()


def key_of(trade: Trade) -> TradeKey:
    return TradeKey(trade.account_id, trade.executed_at, trade.trade_id)


async def _booked_before(session: AsyncWriteSession, fill: Fill) -> Trade | None:
    if fill.external_id is None:
        return None
    named = (fill.account_id, fill.source_id, ExternalKind.TRADE, fill.external_id)
    known = await session.get(ExternalId, named)
    if known is None:
        return None
    trade = await session.get(Trade, (fill.account_id, known.occurred_at, known.target_id))
    told = [getattr(fill, name) for name in SAME]
    if trade is None or told != [getattr(trade, name) for name in SAME]:
        raise FillConflict(
            f"Source {fill.source_id} gave the id {fill.external_id} to another fill before "
            f"(trade {known.target_id}); nothing was booked. Correct that trade instead."
        )
    return trade


def _may_repeat(error: BaseException) -> bool:
    return isinstance(error, StaleRow) or is_transient(error)
