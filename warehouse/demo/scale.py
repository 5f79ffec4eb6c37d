"""How much demo data there is: four sizes, from one for tests to one for benchmarks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

DEFAULT_SEED = 1
DEFAULT_UNTIL = date(2026, 6, 30)


class ScaleName(StrEnum):
    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True)
class Scale:
    """Counts that everything else follows from."""

    equities: int
    etfs: int
    coins: int
    sessions: int  # exchange days of daily bars
    minute_instruments: int
    minute_coins: int
    minute_sessions: int  # the last so many have minute bars
    accounts: int
    traded: int  # instruments that the accounts trade, options and coins aside
    orders: int
    optionable: int  # underlyings with option chains
    strikes: int  # on each side of the money
    option_sessions: int  # the last so many have quotes
    snapshots: int  # of the chains, per session
    games: int
    books: int


SCALES = {
    ScaleName.TINY: Scale(
        equities=18, etfs=4, coins=2, sessions=64,
        minute_instruments=3, minute_coins=0, minute_sessions=3,
        accounts=4, traded=8, orders=500,
        optionable=2, strikes=4, option_sessions=2, snapshots=2,
        games=8, books=60,
    ),
    ScaleName.SMALL: Scale(
        equities=250, etfs=24, coins=8, sessions=504,
        minute_instruments=40, minute_coins=1, minute_sessions=60,
        accounts=14, traded=40, orders=71_000,
        optionable=20, strikes=8, option_sessions=5, snapshots=4,
        games=120, books=2_000,
    ),
    ScaleName.MEDIUM: Scale(
        equities=600, etfs=36, coins=10, sessions=1_260,
        minute_instruments=100, minute_coins=2, minute_sessions=250,
        accounts=60, traded=100, orders=710_000,
        optionable=40, strikes=12, option_sessions=10, snapshots=7,
        games=1_200, books=20_000,
    ),
    ScaleName.LARGE: Scale(
        equities=1_000, etfs=48, coins=12, sessions=1_260,
        minute_instruments=512, minute_coins=4, minute_sessions=260,
        accounts=400, traded=400, orders=7_200_000,
        optionable=80, strikes=16, option_sessions=10, snapshots=7,
        games=6_000, books=200_000,
    ),
}  # fmt: skip
