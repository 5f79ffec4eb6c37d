"""Options as rows: the contracts, what they deliver, when they end, and what the traded ones were worth."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from warehouse.demo.binary import Fixed, Optional
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.contracts import MULTIPLIER, Contracts, expirations
from warehouse.demo.people import BROKER
from warehouse.demo.quotes import Chains
from warehouse.demo.records import columns
from warehouse.demo.world import World
from warehouse.models.market import OptionContract, OptionDeliverable, OptionExpiration
from warehouse.models.reference import DailyMark, Instrument

_MARKED_SESSIONS = 25


def contract_chunks(found: Chains) -> Iterator[Chunk]:
    world, contracts = found.world, found.contracts
    yield chunk(Instrument, _instruments(world, contracts))
    yield chunk(OptionExpiration, columns(_expirations(world)))
    yield chunk(OptionContract, _contracts(world, contracts))
    yield chunk(OptionDeliverable, _deliverables(world, contracts))
    for rows in _marks(found):
        yield chunk(DailyMark, rows)


def _expirations(world: World) -> Iterator[dict[str, Any]]:
    for row in world.liquid[: world.scale.optionable].tolist():
        for one in expirations(world):
            yield {
                "underlying_id": world.stocks.listings[row].instrument_id,
                "expiration_date": one.day,
                "expiration_type": one.kind,
                "is_leap": one.is_leap,
            }


def _contracts(world: World, found: Contracts) -> dict[str, Any]:
    symbols = np.array([one.symbol for one in world.stocks.listings], "S")
    return {
        "option_contract_id": found.contract_id,
        "underlying_id": world.stocks.instrument_id[found.underlying],
        "instrument_id": Optional(found.instrument_id, found.is_traded),
        "osi_symbol": found.osi,
        "put_call": np.where(found.is_call, b"call", b"put").astype("S"),
        "strike": Fixed(found.strike, 2),
        "expiration_date": found.expiration,
        "expiration_type": found.kind,
        "multiplier": MULTIPLIER,
        "settlement_type": "P",
        "option_root": symbols[found.underlying],
        "is_penny_pilot": True,
    }


def _deliverables(world: World, found: Contracts) -> dict[str, Any]:
    listings = world.stocks.listings
    return {
        "option_contract_id": found.contract_id,
        "asset_type": np.array([one.asset_type for one in listings], "S")[found.underlying],
        "symbol": np.array([one.symbol for one in listings], "S")[found.underlying],
        "deliverable_units": MULTIPLIER,
    }


def _instruments(world: World, found: Contracts) -> dict[str, Any]:
    """The contracts that the accounts trade."""
    which = np.flatnonzero(found.is_traded)
    listings = world.stocks.listings
    return {
        "instrument_id": found.instrument_id[which],
        "symbol": found.osi[which],
        "asset_type": "option",
        "exchange": world.sessions.exchange,
        "currency": "USD",
        "sector": [listings[row].sector for row in found.underlying[which]],
        "multiplier": MULTIPLIER,
        "underlying_id": world.stocks.instrument_id[found.underlying[which]],
    }


def _marks(found: Chains) -> Iterator[dict[str, Any]]:
    """What the traded contracts were worth at the close of each session that could see them traded."""
    world, contracts = found.world, found.contracts
    which = np.flatnonzero(contracts.is_traded)
    total = len(world.sessions)
    for column in range(max(0, total - _MARKED_SESSIONS), total):
        spot = world.stocks.close[contracts.underlying[which], column] / 100
        valued, _ = found.valued(which, spot, column, world.sessions.closes_at[column])
        cents = Fixed(np.maximum(np.rint(valued.price * 100), 1).astype(np.int64), 2)
        yield {
            "instrument_id": contracts.instrument_id[which],
            "day": world.sessions.day[column],
            "source_id": BROKER,
            "close": cents,
            "adjusted_close": cents,
        }
