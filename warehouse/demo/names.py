"""The words that invented companies, coins, people, clubs and books are called by; no real one is meant."""

from collections.abc import Iterator
from string import ascii_uppercase

import numpy as np

SECTORS: dict[str, tuple[str, ...]] = {
    "Technology": ("Semiconductors", "Application Software", "Network Equipment"),
    "Health Care": ("Biotechnology", "Medical Devices", "Pharmaceuticals"),
    "Financials": ("Regional Banks", "Insurance", "Asset Management"),
    "Consumer Discretionary": ("Apparel", "Restaurants", "Automobiles"),
    "Consumer Staples": ("Packaged Foods", "Beverages", "Household Products"),
    "Industrials": ("Aerospace", "Machinery", "Railroads"),
    "Energy": ("Oil and Gas Exploration", "Oil Services", "Refining"),
    "Materials": ("Specialty Chemicals", "Steel", "Gold Mining"),
    "Utilities": ("Electric Utilities", "Water Utilities", "Renewable Power"),
    "Real Estate": ("Office Property", "Warehouses", "Data Centers"),
    "Communication Services": ("Broadcasting", "Interactive Media", "Telecom"),
}
ENDINGS: dict[str, tuple[str, ...]] = {
    "Technology": ("Systems", "Micro", "Logic", "Networks"),
    "Health Care": ("Therapeutics", "Medical", "Bio", "Health"),
    "Financials": ("Bancorp", "Capital", "Assurance", "Trust"),
    "Consumer Discretionary": ("Brands", "Outfitters", "Motors", "Leisure"),
    "Consumer Staples": ("Foods", "Provisions", "Beverage", "Home"),
    "Industrials": ("Industries", "Works", "Aero", "Freight"),
    "Energy": ("Petroleum", "Energy", "Drilling", "Fuels"),
    "Materials": ("Chemicals", "Metals", "Minerals", "Steel"),
    "Utilities": ("Power", "Water", "Electric", "Grid"),
    "Real Estate": ("Properties", "Realty", "Estates", "Storage"),
    "Communication Services": ("Media", "Telecom", "Broadcast", "Interactive"),
}
_HEADS = (
    "Aber", "Alder", "Brack", "Calder", "Corv", "Dun", "Eld", "Fenn", "Garn", "Hask", "Ister", "Jar",
    "Keld", "Lorn", "Marr", "Nym", "Oster", "Pell", "Quor", "Rav", "Sold", "Tarn", "Ulm", "Vark",
    "Wex", "Yar", "Zell", "Thorn", "Brim", "Grav",
)  # fmt: skip
_TAILS = (
    "ane", "brook", "by", "dale", "den", "era", "field", "gate", "holm", "ia", "ison", "light", "mere",
    "mont", "nor", "ora", "port", "quist", "ridge", "shaw", "stead", "ton", "ula", "vane", "wick",
)  # fmt: skip

COINS = (
    "Orbix", "Lumen Shard", "Quillon", "Tessera", "Novark", "Peblo",
    "Vantia", "Ostra", "Kelvar", "Mirrow", "Zanthe", "Fjordcoin",
)  # fmt: skip
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dario", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = (
    "Abel",
    "Brandt",
    "Castell",
    "Dorn",
    "Engel",
    "Fiore",
    "Gallo",
    "Holm",
    "Ivers",
    "Juhl",
)
HOLDERS = tuple(
    f"{head}{tail} {ending}"
    for head, tail, ending in zip(
        _HEADS[:16], _TAILS[4:20], ("Asset Management", "Pension Fund", "Partners", "Index Funds") * 4,
        strict=True,
    )
)  # fmt: skip
CLUBS = tuple(
    f"{head}{tail} {beast}"
    for head, tail, beast in zip(
        _HEADS[6:22], _TAILS[8:24], ("Herons", "Comets", "Badgers", "Foxes") * 4, strict=True
    )
)
TOPICS = (
    "Markets", "Probability", "Databases", "Options", "Risk", "Accounting", "Time Series", "Networks",
    "Statistics", "Money", "Trading", "History",
)  # fmt: skip


def words(rng: np.random.Generator) -> Iterator[str]:
    """Invented proper names in random order, each once."""
    order = rng.permutation(len(_HEADS) * len(_TAILS))
    for prefix in ("", "New ", "Great ", "Upper "):
        for number in order:
            yield prefix + _HEADS[number // len(_TAILS)] + _TAILS[number % len(_TAILS)]


def ticker(name: str, taken: set[str]) -> str:
    """A symbol of four or five letters that nobody has yet, and adds it to the taken ones."""
    letters = [c for c in name.upper() if c.isalpha()]
    spare = [c for c in letters[1:] if c not in "AEIOU"]
    stem = letters[0] + "".join([*spare, *letters[1:]][:3])
    ends = ["", *ascii_uppercase]
    longer = (stem[: 4 - len(a)] + a + b for a in ends for b in ends)
    symbol: str = next(one for one in longer if one not in taken)
    taken.add(symbol)
    return symbol
