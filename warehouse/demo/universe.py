"""What is listed: a few hundred invented companies, funds and coins, and the currencies they trade in.

Their prices are drawn in `prices`, from the traits given here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from warehouse.demo.names import COINS as COIN_NAMES
from warehouse.demo.names import ENDINGS, SECTORS, ticker, words
from warehouse.demo.scale import Scale
from warehouse.demo.seeds import stream
from warehouse.demo.sessions import COINS, CURRENCIES, STOCKS
from warehouse.models.reference import AssetType

# What a transaction's cash items name.
MONEY = {"USD": 1, "EUR": 2}
_FIRST_ID = 10
# One company leaves the market, and another is listed under its symbol later.
_LEFT, _HEIR = 11, 14
_PAIRS = {
    "EUR/USD": 1.09, "GBP/USD": 1.27, "USD/JPY": 151.0,
    "USD/CHF": 0.89, "AUD/USD": 0.66, "USD/CAD": 1.36,
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One listed instrument and the traits its prices are drawn from."""

    instrument_id: int
    symbol: str
    asset_type: AssetType
    exchange: str
    currency: str
    name: str
    sector: str | None
    industry: str | None
    beta: float  # to the market's factor
    own_volatility: float  # of a year, beyond the market's and the sector's
    price: float  # at the start
    shares: int  # outstanding
    turnover: float  # share of them that trades on a day
    dividend_yield: float = 0.0
    places: int = 2  # decimals of its tick
    listed_after: float = 0.0  # share of the period before its first session
    delisted_after: float = 1.0


def listings(scale: Scale, seed: int) -> list[Listing]:
    """All that has prices; the benchmark fund is the first, then the other funds, the index, the companies."""
    rng = stream(seed, "universe")
    taken: set[str] = set()
    found = [
        *_funds(scale, rng, taken),
        *_companies(scale, rng, taken),
        *_coins(scale, rng),
        *_pairs(),
    ]
    return [replace(one, instrument_id=_FIRST_ID + n) for n, one in enumerate(found)]


def _funds(scale: Scale, rng: np.random.Generator, taken: set[str]) -> Iterator[Listing]:
    """The benchmark, the index it follows, a fund for each sector, and mixed funds for the rest."""
    base = Listing(
        0, "", AssetType.ETF, STOCKS, "USD", "", None, None,
        beta=1.0, own_volatility=0.004, price=412.0, shares=900_000_000, turnover=0.06,
    )  # fmt: skip
    yield replace(base, symbol=_take("BROD", taken), name="Broad Market Fund", dividend_yield=0.013)
    yield replace(
        base, symbol=_take("BROAD", taken), asset_type=AssetType.INDEX, name="Broad Market Index",
        own_volatility=0.0, price=4_120.0, shares=0, turnover=0.0,
    )  # fmt: skip
    sectors = list(SECTORS)
    for number in range(scale.etfs - 1):
        sector = sectors[number] if number < len(sectors) else None
        name = f"{sector} Sector Fund" if sector else f"Blend {number - len(sectors) + 1} Fund"
        yield replace(
            base, symbol=ticker(f"X{name.replace(' ', '')}", taken), name=name, sector=sector,
            beta=round(rng.uniform(0.7, 1.2), 3), own_volatility=round(rng.uniform(0.01, 0.05), 4),
            price=round(rng.uniform(30, 180), 2), shares=int(rng.integers(20, 400)) * 1_000_000,
            turnover=0.03, dividend_yield=round(rng.uniform(0.005, 0.03), 4),
        )  # fmt: skip


def _take(symbol: str, taken: set[str]) -> str:
    taken.add(symbol)
    return symbol


def _companies(scale: Scale, rng: np.random.Generator, taken: set[str]) -> Iterator[Listing]:
    sectors = list(SECTORS)
    names = words(rng)
    left = ""
    for number in range(scale.equities):
        sector = sectors[int(rng.integers(len(sectors)))]
        name = f"{next(names)} {rng.choice(ENDINGS[sector])}"
        company = _company(number, sector, name, rng, taken)
        if number == _LEFT:
            company = replace(company, delisted_after=0.55)
            left = company.symbol
        if number == _HEIR:
            company = replace(company, symbol=left, listed_after=0.6)
        yield company


def _company(
    number: int, sector: str, name: str, rng: np.random.Generator, taken: set[str]
) -> Listing:
    price = round(float(np.exp(rng.normal(4.2, 0.7))) + 4, 2)
    capital = float(np.exp(rng.normal(23.2, 1.3)))
    pays = rng.random() < 0.45
    # Every thirtieth came to the market within the period.
    return Listing(
        0, ticker(name, taken), AssetType.EQUITY, STOCKS, "USD", f"{name} Inc.", sector,
        str(rng.choice(SECTORS[sector])),
        beta=round(float(rng.normal(1.0, 0.3)), 3),
        own_volatility=round(float(rng.uniform(0.14, 0.42)), 4),
        price=price, shares=int(capital / price / 1000) * 1000,
        turnover=round(float(rng.uniform(0.002, 0.015)), 5),
        dividend_yield=round(float(rng.uniform(0.01, 0.05)), 4) if pays else 0.0,
        listed_after=0.3 if number % 30 == 29 else 0.0,
    )  # fmt: skip


def _coins(scale: Scale, rng: np.random.Generator) -> Iterator[Listing]:
    for number, name in enumerate(COIN_NAMES[: scale.coins]):
        # The last is quoted in euros, for the account that is kept in them.
        currency = "EUR" if number == scale.coins - 1 else "USD"
        price = round(float(np.exp(rng.uniform(0.5, 9.5))), 2)
        yield Listing(
            0, f"{name[:4].upper()}/{currency}", AssetType.CRYPTO, COINS, currency, name, None, None,
            beta=round(float(rng.uniform(0.8, 1.6)), 3),
            own_volatility=round(float(rng.uniform(0.35, 0.8)), 3),
            price=price, shares=int(4e10 / price), turnover=0.02,
            places=2 if price > 100 else 4,
        )  # fmt: skip


def _pairs() -> Iterator[Listing]:
    for symbol, price in _PAIRS.items():
        base, quote = symbol.split("/")
        yield Listing(
            0, symbol, AssetType.FOREX, CURRENCIES, quote, f"{base} in {quote}", None, None,
            beta=0.0, own_volatility=0.08, price=price, shares=0, turnover=0.0,
            places=3 if price > 20 else 5,
        )  # fmt: skip
