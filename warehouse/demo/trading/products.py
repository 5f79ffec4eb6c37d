"""What can be ordered: stocks, coins, single options and spreads, and who may order which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from warehouse.demo import people
from warehouse.demo.arrays import Ints, Mask
from warehouse.demo.contracts import Contracts, traded_expirations
from warehouse.demo.world import World
from warehouse.models.reference import AccountType
from warehouse.models.trading import ComplexStrategy, LegType

UNIT = 10_000  # quantities are counted in ten-thousandths
STOCK, COIN, OPTION = 0, 1, 2
_ORDER_VALUE = 15_000
_STOCK_STRATEGIES = (
    people.BUY_AND_HOLD, people.MOMENTUM, people.MEAN_REVERSION, people.BRACKET,
    people.PAIRS, people.DISCRETIONARY,
)  # fmt: skip


@dataclass(frozen=True)
class Leg:
    """One instrument of a product; `row` is where its price comes from, in stocks or coins."""

    instrument_id: int
    ratio: int
    leg_type: LegType
    row: int
    places: int  # decimals of a price
    contract: int = -1  # place among the contracts


@dataclass(frozen=True)
class Product:
    """Something one order buys or sells: one leg, or several in fixed ratios."""

    kind: int
    strategy_id: int
    lot: int
    granule: int  # least quantity
    currency: str
    legs: tuple[Leg, ...]
    shape: ComplexStrategy = ComplexStrategy.NONE


@dataclass(frozen=True)
class Products:
    """All products, and their traits as arrays."""

    items: Sequence[Product]

    @cached_property
    def kind(self) -> Ints:
        return np.array([one.kind for one in self.items])

    @cached_property
    def strategy_id(self) -> Ints:
        return np.array([one.strategy_id for one in self.items])

    @cached_property
    def lot(self) -> Ints:
        return np.array([one.lot for one in self.items])

    @cached_property
    def granule(self) -> Ints:
        return np.array([one.granule for one in self.items])

    @cached_property
    def legs(self) -> list[Leg]:
        return [leg for one in self.items for leg in one.legs]

    @cached_property
    def instrument_id(self) -> Ints:
        """By leg, as the next ones are."""
        return np.array([leg.instrument_id for leg in self.legs])

    @cached_property
    def ratio(self) -> Ints:
        return np.array([leg.ratio for leg in self.legs])

    @cached_property
    def leg_row(self) -> Ints:
        return np.array([leg.row for leg in self.legs])

    @cached_property
    def places(self) -> Ints:
        return np.array([leg.places for leg in self.legs])

    @cached_property
    def contract(self) -> Ints:
        return np.array([leg.contract for leg in self.legs])

    @cached_property
    def leg_count(self) -> Ints:
        return np.array([len(one.legs) for one in self.items])

    @cached_property
    def first_leg(self) -> Ints:
        return np.cumsum(self.leg_count) - self.leg_count


def products(world: World, contracts: Contracts) -> Products:
    return Products([*_stocks(world), *_coins(world), *_options(world, contracts)])


def _stocks(world: World) -> Iterator[Product]:
    for number, row in enumerate(world.liquid[: world.scale.traded].tolist()):
        listing = world.stocks.listings[row]
        lot = max(1, round(_ORDER_VALUE / listing.price)) * UNIT
        leg = Leg(listing.instrument_id, 1, LegType.EQUITY, row, listing.places)
        strategy = _STOCK_STRATEGIES[number % len(_STOCK_STRATEGIES)]
        yield Product(STOCK, strategy, lot, UNIT, listing.currency, (leg,))


def _coins(world: World) -> Iterator[Product]:
    for row, listing in enumerate(world.coins.listings):
        lot = max(40, round(_ORDER_VALUE / 4 / listing.price * UNIT))
        leg = Leg(listing.instrument_id, 1, LegType.CRYPTO, row, listing.places)
        yield Product(COIN, people.COIN_TREND, lot, 1, listing.currency, (leg,))


# Which strikes a product is made of: steps above the money, call or not, bought or sold.
_SHAPES = (
    (ComplexStrategy.VERTICAL, ((0, True, 1), (1, True, -1))),
    (ComplexStrategy.VERTICAL, ((0, False, 1), (-1, False, -1))),
    (
        ComplexStrategy.IRON_CONDOR,
        ((-3, False, 1), (-2, False, -1), (2, True, -1), (3, True, 1)),
    ),
    (ComplexStrategy.NONE, ((4, True, 1),)),
    (ComplexStrategy.NONE, ((-4, False, 1),)),
)


def _options(world: World, contracts: Contracts) -> Iterator[Product]:
    """No contract is in two products: a leg's position follows from its product's alone."""
    places = {
        key: place
        for place, key in enumerate(
            zip(
                contracts.underlying.tolist(),
                contracts.expiration.tolist(),
                contracts.step.tolist(),
                contracts.is_call.tolist(),
                strict=True,
            )
        )
    }
    for row in world.liquid[: world.scale.optionable].tolist():
        for day in traded_expirations(world):
            for shape, sides in _SHAPES:
                chosen = [(places[row, day, step, call], side) for step, call, side in sides]
                legs = tuple(_option_leg(contracts, place, side) for place, side in chosen)
                yield Product(OPTION, people.PREMIUM, UNIT, UNIT, "USD", legs, shape)


def _option_leg(contracts: Contracts, place: int, side: int) -> Leg:
    instrument_id, row = int(contracts.instrument_id[place]), int(contracts.underlying[place])
    return Leg(instrument_id, side, LegType.OPTION, row, 2, place)


@dataclass(frozen=True)
class Pairs:
    """Which account may order which product; a position is kept for each pair."""

    account_id: Ints
    product: Ints
    may_short: Mask

    def of_kind(self, products: Products, kind: int) -> Ints:
        return np.flatnonzero(products.kind[self.product] == kind)


def pairs(world: World, found: Products) -> Pairs:
    allowed = [
        (account, number)
        for account in range(1, world.scale.accounts + 1)
        for number, product in enumerate(found.items)
        if _may_order(account, number, product)
    ]
    accounts = np.array([account for account, _ in allowed])
    shorts = np.array([people.account_type(int(a)) in people.MAY_SHORT for a in accounts])
    return Pairs(accounts, np.array([number for _, number in allowed]), shorts)


def _may_order(account: int, number: int, product: Product) -> bool:
    """An account trades in its own currency, two thirds of the products, and options on margin only."""
    if product.currency != people.base_currency(account):
        return False
    kind = people.account_type(account)
    if product.kind == COIN:
        return kind is not AccountType.RETIREMENT
    if product.kind == OPTION and kind is not AccountType.MARGIN:
        return False
    return number == 0 or (account + number) % 3 != 0
