"""The tiny market, drawn once for all tests that only look at it."""

import pytest

from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.chunks import Chunk
from warehouse.demo.quotes import Chains, chains
from warehouse.demo.trading.months import Desk, months
from warehouse.demo.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return World(ScaleName.TINY, DEFAULT_SEED, DEFAULT_UNTIL)


@pytest.fixture(scope="session")
def found(world: World) -> Chains:
    """The option chains, which orders are priced by too."""
    return chains(world)


@pytest.fixture(scope="session")
def traded(world: World, found: Chains) -> list[Chunk]:
    """Everything the accounts did, month after month."""
    desk = Desk(found)
    return [chunk for month in months(world) for chunk in desk.draw(month)]
