"""Money that is not traded: deposits, withdrawals, transfers, dividends and interest.

A transaction that mirrors a cash flow names it, so that its cash is counted once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from warehouse.demo.arrays import Ints, Moments
from warehouse.demo.people import BROKER, MAY_SHORT, account_type, base_currency
from warehouse.demo.records import columns
from warehouse.demo.seeds import stream
from warehouse.demo.sessions import Sessions
from warehouse.demo.trading.positions import decimal
from warehouse.demo.universe import MONEY
from warehouse.demo.world import World

_HOUR = np.timedelta64(3_600_000_000, "us")


@dataclass(frozen=True)
class Flow:
    """Money into an account (cents), or out of it."""

    account_id: int
    at: np.datetime64
    kind: str
    cents: int
    description: str
    booked_as: str
    is_external: bool = True


@dataclass(frozen=True)
class Income:
    """Money that an account earned or was charged, by a dividend or as interest."""

    account_id: int
    at: np.datetime64
    cents: int
    description: str
    instrument_id: int | None = None


@dataclass(frozen=True)
class Moves:
    """What trades did to positions, as columns."""

    account_id: Ints
    instrument_id: Ints
    delta: Ints
    at: Moments


def flows(world: World, month: np.datetime64, sessions: Sessions) -> list[Flow]:
    """The first month opens the accounts; later ones see savings, withdrawals and a transfer."""
    found = []
    opens = month == world.sessions.day[0].astype("datetime64[M]")
    for account in range(1, world.scale.accounts + 1):
        rng = stream(world.seed, "flows", int(month.astype(int)), account)
        at = sessions.opens_at[min(2, len(sessions) - 1)] + account * np.timedelta64(
            1_000_003, "us"
        )
        if opens:
            start = sessions.opens_at[0] - _HOUR
            cents = int(rng.integers(600, 1_800)) * 100_000
            found.append(Flow(account, start, "deposit", cents, "Opening deposit", "wire_in"))
        elif rng.random() < 0.3:
            cents = int(rng.integers(5, 200)) * 10_000
            found.append(Flow(account, at, "deposit", cents, "Savings plan", "ach_receipt"))
        elif rng.random() < 0.12:
            cents = int(rng.integers(5, 150)) * -10_000
            found.append(Flow(account, at, "withdrawal", cents, "Payout", "ach_disbursement"))
    if not opens and int(month.astype(int)) % 3 == 0:
        found += _transfer(sessions)
    return found


def _transfer(sessions: Sessions) -> Iterator[Flow]:
    """Between two of the firm's own accounts, so it is no external flow."""
    at, cents, text = sessions.opens_at[0] + _HOUR, 2_500_000, "Transfer between own accounts"
    yield Flow(1, at, "transfer_out", -cents, text, "journal", is_external=False)
    yield Flow(2, at, "transfer_in", cents, text, "journal", is_external=False)


def interest(world: World, month: np.datetime64, sessions: Sessions) -> Iterator[Income]:
    """Credited at the month's end; margin accounts are charged now and then."""
    for account in range(1, world.scale.accounts + 1):
        rng = stream(world.seed, "interest", int(month.astype(int)), account)
        cents = int(rng.integers(200, 25_000))
        text = "Credit interest"
        if account_type(account) in MAY_SHORT and rng.random() < 0.25:
            cents, text = -cents, "Margin interest"
        yield Income(account, sessions.closes_at[-1] + _HOUR, cents, text)


def dividends(
    world: World, sessions: Sessions, held: dict[tuple[int, int], int], moves: list[Moves]
) -> Iterator[Income]:
    """Paid ten days after the ex-day on what was held the evening before; the short pay them."""
    prices = world.stocks
    low, high = np.searchsorted(prices.sessions.day, [sessions.day[0], sessions.day[-1]])
    due = prices.actions.amount[:, low : high + 1]
    traded = set(world.liquid[: world.scale.traded].tolist())
    for row, nth in zip(*np.nonzero(due), strict=True):
        pays_at = sessions.opens_at[nth] + np.timedelta64(10, "D")
        if int(row) not in traded or pays_at >= world.written_at:
            continue
        owed = _held_before(int(prices.instrument_id[row]), sessions.opens_at[nth], held, moves)
        for account, quantity in sorted(owed.items()):
            cents = quantity * int(due[row, nth]) // 10_000
            text = f"Dividend {prices.listings[row].symbol}"
            yield Income(account, pays_at, cents, text, int(prices.instrument_id[row]))


def _held_before(
    instrument_id: int, at: np.datetime64, held: dict[tuple[int, int], int], moves: list[Moves]
) -> dict[int, int]:
    owed = {account: quantity for (account, one), quantity in held.items() if one == instrument_id}
    for one in moves:
        which = (one.instrument_id == instrument_id) & (one.at < at)
        for account, delta in zip(
            one.account_id[which].tolist(), one.delta[which].tolist(), strict=True
        ):
            owed[account] = owed.get(account, 0) + delta
    return {account: quantity for account, quantity in owed.items() if quantity}


# -- rows ------------------------------------------------------------------------------------------


def flow_rows(found: list[Flow], first_id: int) -> dict[str, Any]:
    return columns(
        {
            "account_id": flow.account_id,
            "flow_at": flow.at,
            "cash_flow_id": number,
            "kind": flow.kind,
            "amount": decimal(flow.cents, 2),
            "currency": base_currency(flow.account_id),
            "is_external": flow.is_external,
            "description": flow.description,
            "source_id": BROKER,
        }
        for number, flow in enumerate(found, first_id)
    )


def transaction_rows(
    flows: list[Flow], income: list[Income], first_flow: int, first_id: int
) -> dict[str, Any]:
    mirrored = [
        _transaction(flow, flow.booked_as, first_flow + number) for number, flow in enumerate(flows)
    ]
    earned = [_transaction(one, "dividend_or_interest", None) for one in income]
    return columns(
        {**row, "transaction_id": number} for number, row in enumerate(mirrored + earned, first_id)
    )


def _transaction(one: Flow | Income, kind: str, cash_flow_id: int | None) -> dict[str, Any]:
    day: date = one.at.astype("datetime64[D]").item()
    return {
        "account_id": one.account_id,
        "transaction_at": one.at,
        "trade_date": day,
        "settlement_date": day,
        "transaction_type": kind,
        "activity_type": "transfer" if cash_flow_id else None,
        "status": "valid",
        "sub_account": "cash" if cash_flow_id else "income",
        "net_amount": decimal(one.cents, 2),
        "currency": base_currency(one.account_id),
        "cash_flow_at": one.at if cash_flow_id else None,
        "cash_flow_id": cash_flow_id,
        "description": one.description,
        "entered_by_type": "client_user" if cash_flow_id else "system_user",
        "entered_by_system": None if cash_flow_id else "income",
        "source_id": BROKER,
    }


def item_rows(flows: list[Flow], income: list[Income], first_id: int) -> dict[str, Any]:
    """One item each: the money; a dividend's names the instrument that paid it."""
    moved: list[Flow | Income] = [*flows, *income]
    return columns(
        {
            "account_id": one.account_id,
            "transaction_at": one.at,
            "transaction_id": number,
            "item_no": 1,
            "instrument_id": _named(one),
            "amount": decimal(one.cents, 2),
            "cost": decimal(one.cents, 2),
        }
        for number, one in enumerate(moved, first_id)
    )


def _named(one: Flow | Income) -> int:
    paid_by = one.instrument_id if isinstance(one, Income) else None
    return paid_by or MONEY[base_currency(one.account_id)]
