"""The rows of schema reference: who, what, when markets are open, and what things were worth each day."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from warehouse.demo import people
from warehouse.demo.binary import Fixed
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.people import FUNDAMENTALS, TAPE
from warehouse.demo.prices import DailyPrices
from warehouse.demo.records import columns
from warehouse.demo.sessions import EXCHANGES
from warehouse.demo.universe import MONEY, Listing
from warehouse.demo.world import World
from warehouse.models.reference import (
    Account,
    AssetType,
    DailyMark,
    FxRate,
    Instrument,
    InstrumentIdentifier,
    Principal,
    Source,
    Strategy,
    TradingDay,
)

_CALENDAR_AHEAD = timedelta(days=365)


def reference_chunks(world: World) -> Iterator[Chunk]:
    """Everything that other rows refer to, and the calendars."""
    yield chunk(Source, columns(people.sources()))
    yield chunk(Principal, columns(people.principals(world.scale)))
    yield chunk(Strategy, columns(people.strategies()))
    yield chunk(Account, columns(people.accounts(world.scale, world.seed)))
    yield chunk(Instrument, _money())
    yield chunk(Instrument, columns(_instrument(world, one) for one in world.listings))
    yield chunk(InstrumentIdentifier, columns(_identifiers(world)))
    for exchange in EXCHANGES:
        sessions = world.open_days(exchange, world.start, world.until + _CALENDAR_AHEAD)
        yield chunk(
            TradingDay,
            {
                "exchange": exchange,
                "day": sessions.day,
                "opens_at": sessions.opens_at,
                "closes_at": sessions.closes_at,
            },
        )


def _money() -> dict[str, Any]:
    return columns(
        {
            "instrument_id": number,
            "symbol": f"CURRENCY_{code}",
            "asset_type": AssetType.CURRENCY,
            "currency": code,
            "description": f"{code} cash",
        }
        for code, number in MONEY.items()
    )


def _instrument(world: World, one: Listing) -> dict[str, Any]:
    company = one.asset_type is AssetType.EQUITY
    listed, delisted = _listed_between(world, one)
    optionable = {
        world.stocks.listings[row].instrument_id
        for row in world.liquid[: world.scale.optionable].tolist()
    }
    return {
        "instrument_id": one.instrument_id,
        "symbol": one.symbol,
        "asset_type": one.asset_type,
        "exchange": one.exchange,
        "currency": one.currency,
        "company_name": one.name if company else None,
        "description": None if company else one.name,
        "sector": one.sector,
        "industry": one.industry,
        "country": "US" if company else None,
        "cusip": cusip(one) if company else None,
        "is_optionable": one.instrument_id in optionable,
        "is_active": delisted is None,
        "listed_at": listed,
        "delisted_at": delisted,
    }


def _listed_between(
    world: World, one: Listing
) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """When the listing began and ended, where that is within the data."""
    total, opens = len(world.sessions), world.sessions.opens_at
    first, last = int(one.listed_after * total), int(one.delisted_after * total)
    return (opens[first] if first else None, opens[last] if last < total else None)


def cusip(one: Listing) -> str:
    """Eight characters and the check digit that the standard wants."""
    stem = f"{900_000 + one.instrument_id:06d}10"
    total = sum(sum(divmod(int(c) * (1 + n % 2), 10)) for n, c in enumerate(stem))
    return f"{stem}{-total % 10}"


def _identifiers(world: World) -> Iterator[dict[str, Any]]:
    """Each source's name for a listing; of a symbol used twice, from when on it means which."""
    number = 0
    for one in world.listings:
        listed, delisted = _listed_between(world, one)
        known = {
            (FUNDAMENTALS, "ticker"): one.symbol,
            (people.BROKER, "broker_id"): str(one.instrument_id),
        }
        if one.asset_type is AssetType.EQUITY:
            known[TAPE, "CUSIP"] = cusip(one)
        for (source_id, kind), name in known.items():
            number += 1
            first = listed.astype("M8[D]").item() if listed is not None else world.start
            yield {
                "instrument_identifier_id": number,
                "instrument_id": one.instrument_id,
                "source_id": source_id,
                "identifier_type": kind,
                "external_id": name,
                "valid_from": first,
                "valid_to": delisted.astype("M8[D]").item() if delisted is not None else None,
            }


# -- marks and rates -------------------------------------------------------------------------------


def mark_chunks(world: World) -> Iterator[Chunk]:
    for prices in (world.stocks, world.coins):
        yield chunk(DailyMark, _marks(prices))
    yield chunk(FxRate, _rates(world.currencies))


def _marks(prices: DailyPrices) -> dict[str, Any]:
    """By day, for that is how they came in."""
    column, row = np.nonzero(prices.alive.T)
    return {
        "instrument_id": prices.instrument_id[row],
        "day": prices.sessions.day[column],
        "source_id": TAPE,
        "close": in_ticks(prices, row, prices.close[row, column]),
        "adjusted_close": Fixed(prices.adjusted[row, column], 6),
    }


def in_ticks(prices: DailyPrices, row: Any, ticks: Any) -> Fixed:
    """Prices of instruments that may have different ticks, each with its own decimals."""
    places = np.array([one.places for one in prices.listings])[row]
    most = max(one.places for one in prices.listings)
    return Fixed(ticks * 10 ** (most - places), most, places)


def _rates(prices: DailyPrices) -> dict[str, Any]:
    column, row = np.nonzero(prices.alive.T)
    base, quote = (
        np.array([one.symbol.split("/")[side] for one in prices.listings], "S") for side in (0, 1)
    )
    return {
        "base_currency": base[row],
        "quote_currency": quote[row],
        "day": prices.sessions.day[column],
        "source_id": TAPE,
        "rate": in_ticks(prices, row, prices.close[row, column]),
    }
