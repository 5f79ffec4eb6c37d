"""What is known of the companies: quarterly statistics, large holders, splits, dividends and earnings."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from warehouse.demo.arrays import Floats, Ints
from warehouse.demo.binary import Fixed, Optional
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.names import HOLDERS
from warehouse.demo.people import FUNDAMENTALS
from warehouse.demo.reference import in_ticks
from warehouse.demo.seeds import stream
from warehouse.demo.world import World
from warehouse.models.market import CorporateAction, InstitutionalHolder, KeyStatistics
from warehouse.models.reference import AssetType

_QUARTER = 63  # sessions
_YEAR = 252
_HOLDERS = 10


def fundamental_chunks(world: World) -> Iterator[Chunk]:
    companies = np.array(
        [n for n, one in enumerate(world.stocks.listings) if one.asset_type is AssetType.EQUITY]
    )
    for nth, column in enumerate(_report_columns(world)):
        rows = companies[world.stocks.alive[companies, column]]
        yield chunk(KeyStatistics, _statistics(world, rows, column, nth))
        yield chunk(InstitutionalHolder, _holders(world, rows, column, nth))
    for rows in (_splits(world), _dividends(world), _earnings(world)):
        yield chunk(CorporateAction, rows)


def _report_columns(world: World) -> list[int]:
    """A session in each quarter, the last one of all among them."""
    return list(range(len(world.sessions) - 1, -1, -_QUARTER))[::-1]


# -- key statistics --------------------------------------------------------------------------------


def _statistics(world: World, rows: Ints, column: int, nth: int) -> dict[str, Any]:
    """One report: the company's business is its own, the ratios to its price follow the market."""
    prices = world.stocks
    price = prices.close[rows, column] / 100
    split = prices.actions.factor[rows, column]
    shares = np.array([prices.listings[row].shares for row in rows]) * split
    business = _business(world, rows, nth)
    cap = price * shares
    revenue = np.array([prices.listings[r].price * prices.listings[r].shares for r in rows])
    revenue = revenue * business["sales"]
    found = _reported(cap, revenue, shares, price, business)
    found |= _from_prices(world, rows, column, shares * 0.1 * business["insiders"])
    found |= _from_earnings(world, rows, price, revenue * business["margin"] / shares, business)
    return {
        "instrument_id": prices.instrument_id[rows],
        "as_of": prices.sessions.day[column],
        "source_id": FUNDAMENTALS,
        **found,
    }


def _business(world: World, rows: Ints, nth: int) -> dict[str, Floats]:
    """The traits of a company's books, which drift a little from quarter to quarter."""
    traits = {
        "sales": (-0.6, 0.5), "margin": (0.09, 0.07), "gross": (0.42, 0.13), "debt": (-1.2, 0.7),
        "cash": (-1.8, 0.6), "book": (-1.1, 0.5), "growth": (0.07, 0.1), "insiders": (-3.0, 0.7),
    }  # fmt: skip
    drawn = []
    for row in rows:
        key = world.stocks.listings[row].instrument_id
        lasting = stream(world.seed, "business", key).standard_normal(len(traits))
        fresh = stream(world.seed, "business", key, nth).standard_normal(len(traits))
        drawn.append(0.95 * lasting + 0.3 * fresh)
    matrix = np.array(drawn).reshape(len(rows), len(traits)).T
    means = np.array(list(traits.values()))
    values = means[:, :1] + means[:, 1:] * matrix
    logs = {"sales", "debt", "cash", "book", "insiders"}
    return {
        name: np.exp(value) if name in logs else value
        for name, value in zip(traits, values, strict=True)
    }


def _reported(
    cap: Floats, revenue: Floats, shares: Floats, price: Floats, own: dict[str, Floats]
) -> dict[str, Any]:
    income, book = revenue * own["margin"], revenue * own["book"]
    debt, cash = revenue * own["debt"], revenue * own["cash"]
    gross = np.clip(own["gross"], own["margin"] + 0.05, 0.95)
    ebitda = revenue * (own["margin"] + 0.08)
    earns, per_share = income > 0, income / shares
    value = cap + debt - cash
    return {
        "market_cap": _money(cap),
        "enterprise_value": _money(value),
        "trailing_pe": Optional(_ratio(price / np.where(earns, per_share, 1)), earns),
        "forward_pe": Optional(
            _ratio(price / np.where(earns, per_share * (1 + own["growth"]), 1)), earns
        ),
        "price_to_book": _ratio(cap / book),
        "price_to_sales": _ratio(cap / revenue),
        "enterprise_to_revenue": _ratio(value / revenue),
        "enterprise_to_ebitda": Optional(
            _ratio(value / np.where(ebitda > 0, ebitda, 1)), ebitda > 0
        ),
        "profit_margin": _ratio(own["margin"]),
        "operating_margin": _ratio(own["margin"] + 0.04),
        "gross_margin": _ratio(gross),
        "ebitda_margin": _ratio(own["margin"] + 0.08),
        "return_on_assets": _ratio(income / (book + debt)),
        "return_on_equity": _ratio(income / book),
        "revenue": _money(revenue),
        "revenue_per_share": _price(revenue / shares),
        "earnings_per_share": _price(per_share),
        "total_cash": _money(cash),
        "total_debt": _money(debt),
        "debt_to_equity": _ratio(debt / book),
        "current_ratio": _ratio(0.8 + 4 * own["cash"]),
        "quick_ratio": _ratio(0.5 + 4 * own["cash"]),
        "free_cash_flow": _money(income * 0.8),
        "operating_cash_flow": _money(income * 1.2),
        "revenue_growth": _ratio(own["growth"]),
        "earnings_growth": _ratio(own["growth"] * 1.3),
        "shares_outstanding": np.rint(shares).astype(np.int64),
        "float_shares": np.rint(shares * (1 - np.minimum(own["insiders"], 0.9))).astype(np.int64),
        "shares_short": np.rint(shares * 0.1 * own["insiders"]).astype(np.int64),
        "held_percent_insiders": _ratio(np.minimum(own["insiders"], 0.9)),
    }


def _from_earnings(
    world: World, rows: Ints, price: Floats, per_share: Floats, own: dict[str, Floats]
) -> dict[str, Any]:
    """Ratios that mean nothing where nothing is earned, paid out or held."""
    earns, grows = per_share > 0, own["growth"] > 0.005
    paid = np.array([world.stocks.listings[row].dividend_yield for row in rows]) * price
    divisor, growth = np.where(earns, per_share, 1), np.where(grows, own["growth"], 1)
    held = [_holding(world, row)[1].sum() for row in rows]
    return {
        "peg_ratio": Optional(_ratio(price / divisor / (100 * growth)), earns & grows),
        "payout_ratio": Optional(_ratio(paid / divisor), earns & (paid > 0)),
        "held_percent_institutions": _ratio(np.array(held)),
    }


def _from_prices(world: World, rows: Ints, column: int, short: Floats) -> dict[str, Any]:
    """What follows from the daily bars alone, in today's shares."""
    prices = world.stocks
    back = max(0, column + 1 - _YEAR)
    shares = prices.actions.factor[rows, back : column + 1]
    scale = shares / shares[:, -1:]
    alive = prices.alive[rows, back : column + 1]
    high, low, close, volume = (
        np.where(alive, getattr(prices, name)[rows, back : column + 1] * scale**power, np.nan)
        for name, power in (("high", 1), ("low", 1), ("close", 1), ("volume", -1))
    )
    listings = [prices.listings[row] for row in rows]
    dividends = np.array([one.dividend_yield for one in listings])
    usual = np.nanmean(volume[:, -_QUARTER:], axis=1)
    return {
        "beta": np.array([one.beta for one in listings]),
        "fifty_two_week_high": _price(np.nanmax(high, axis=1) / 100),
        "fifty_two_week_low": _price(np.nanmin(low, axis=1) / 100),
        "fifty_day_average": _price(np.nanmean(close[:, -50:], axis=1) / 100),
        "two_hundred_day_average": _price(np.nanmean(close[:, -200:], axis=1) / 100),
        "average_volume": np.rint(usual).astype(np.int64),
        "short_ratio": _ratio(short / usual),
        "dividend_yield": Optional(dividends, dividends > 0),
        "dividend_rate": Optional(_price(dividends * close[:, -1] / 100), dividends > 0),
    }


def _ratio(values: Floats) -> Floats:
    return np.round(values, 4)


def _money(values: Floats) -> Ints:
    return np.rint(values).astype(np.int64)


def _price(values: Floats) -> Fixed:
    return Fixed(np.rint(values * 100).astype(np.int64), 2)


# -- holders ---------------------------------------------------------------------------------------


def _holders(world: World, rows: Ints, column: int, nth: int) -> dict[str, Any]:
    """Ten for each company; together they can report more than there is."""
    prices = world.stocks
    owner = np.repeat(rows, _HOLDERS)
    chosen, part = zip(*(_holding(world, row) for row in rows), strict=True)
    moved = stream(world.seed, "holdings", nth).normal(1, 0.05, len(owner))
    held = np.round(np.concatenate(part) * np.clip(moved, 0.8, 1.2), 6)
    total = np.array([one.shares for one in prices.listings])[owner]
    shares = np.rint(held * total * prices.actions.factor[owner, column]).astype(np.int64)
    return {
        "instrument_id": prices.instrument_id[owner],
        "date_reported": prices.sessions.day[column],
        "holder_name": np.array(HOLDERS, "S")[np.concatenate(chosen)],
        "source_id": FUNDAMENTALS,
        "shares": shares,
        "value": Fixed(shares * prices.close[owner, column], 2),
        "percent_held": held,
    }


def _holding(world: World, row: int) -> tuple[Ints, Floats]:
    """Which institutions hold a company, and which part of it each."""
    rng = stream(world.seed, "holders", world.stocks.listings[row].instrument_id)
    chosen = rng.permutation(len(HOLDERS))[:_HOLDERS]
    return chosen, rng.dirichlet(np.ones(_HOLDERS)) * rng.uniform(0.3, 1.15)


# -- corporate actions -----------------------------------------------------------------------------


def _splits(world: World) -> dict[str, Any]:
    factor = world.stocks.actions.factor
    row, column = np.nonzero((np.diff(factor, axis=1) != 0) & world.stocks.alive[:, 1:])
    ratio = factor[row, column + 1] / factor[row, column]
    return _actions(world, row, column + 1, "split") | {
        "ratio": Fixed(np.rint(ratio * 10).astype(np.int64), 1)
    }


def _dividends(world: World) -> dict[str, Any]:
    row, column = np.nonzero(world.stocks.actions.amount * world.stocks.alive)
    amount = world.stocks.actions.amount[row, column]
    return _actions(world, row, column, "cash_dividend") | {
        "amount": in_ticks(world.stocks, row, amount)
    }


def _earnings(world: World) -> dict[str, Any]:
    """What was earned, and what had been expected."""
    row, column = np.nonzero(world.stocks.actions.earnings & world.stocks.alive)
    rng = stream(world.seed, "earnings")
    price = world.stocks.close[row, column] / 100
    expected = price * rng.normal(0.012, 0.006, len(row))
    actual = expected * rng.normal(1.03, 0.12, len(row))
    return _actions(world, row, column, "earnings") | {
        "estimate": _price(expected),
        "actual": _price(actual),
    }


def _actions(world: World, row: Ints, column: Ints, kind: str) -> dict[str, Any]:
    return {
        "instrument_id": world.stocks.instrument_id[row],
        "effective_day": world.stocks.sessions.day[column],
        "kind": kind,
        "source_id": FUNDAMENTALS,
    }
