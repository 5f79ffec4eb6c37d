"""Prices look like a market's: ordered bars, minutes that add up, sectors that move together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demo.reading import records
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.bars import bar_chunks
from warehouse.demo.minutes import Days, draw_minutes
from warehouse.demo.trading.months import months
from warehouse.demo.world import World
from warehouse.models.reference import AssetType


@pytest.fixture(scope="module")
def small() -> World:
    return World(ScaleName.SMALL, DEFAULT_SEED, DEFAULT_UNTIL)


def bars(world: World, frequency: str) -> list[dict[str, Any]]:
    return [
        row
        for month in months(world)
        for chunk in bar_chunks(world, month)
        if chunk.rows.get("frequency") == frequency and chunk.table.name == "bars"
        for row in records(chunk.rows)
    ]


def test_every_bar_is_in_order(world: World) -> None:
    for bar in bars(world, "1d") + bars(world, "1m"):
        if not bar.get("is_empty"):
            assert 0 < bar["low"] <= min(bar["open"], bar["close"])
            assert bar["high"] >= max(bar["open"], bar["close"])


def test_minute_bars_add_up_to_the_daily_ones(world: World) -> None:
    source = {bar["source_id"] for bar in bars(world, "1m")}
    assert len(source) == 1
    daily = {
        (bar["instrument_id"], bar["bar_at"].date()): bar
        for bar in bars(world, "1d")
        if bar["source_id"] in source
    }
    minutes: dict[Any, list[dict[str, Any]]] = {}
    for bar in bars(world, "1m"):
        minutes.setdefault((bar["instrument_id"], bar["bar_at"].date()), []).append(bar)
    assert len(minutes) == 3 * 3
    for key, found in minutes.items():
        traded = [bar for bar in found if not bar["is_empty"]]
        assert found == sorted(found, key=lambda bar: bar["bar_at"])
        assert traded[0]["open"] == daily[key]["open"]
        assert traded[-1]["close"] == daily[key]["close"]
        assert max(bar["high"] for bar in traded) == daily[key]["high"]
        assert min(bar["low"] for bar in traded) == daily[key]["low"]
        assert sum(bar["volume"] for bar in found) == daily[key]["volume"]


def test_some_minutes_are_empty_and_then_have_no_price(world: World) -> None:
    empty = [bar for bar in bars(world, "1m") if bar["is_empty"]]
    assert empty
    for bar in empty:
        assert bar["volume"] == 0
        assert [bar[name] for name in ("open", "high", "low", "close")] == [None] * 4


@given(
    prices=st.lists(st.integers(1, 10**6), min_size=4, max_size=4).map(sorted),
    crossed=st.booleans(),
    minutes=st.sampled_from([210, 390, 1440]),
    volume=st.integers(1440, 10**9),
    empties=st.floats(0, 0.25),
    seed=st.integers(0, 2**32),
)
def test_minutes_of_any_day_aggregate_exactly(
    prices: list[int], crossed: bool, minutes: int, volume: int, empties: float, seed: int
) -> None:
    low, first, last, high = prices
    opened, closed = (last, first) if crossed else (first, last)
    one, day, lasts, o, h, lo, c, v = (
        np.array([value]) for value in (1, 20_000, minutes, opened, high, low, closed, volume)
    )
    drawn = draw_minutes(seed, Days(one, day, lasts, o, h, lo, c, v, np.array([empties])))
    traded = drawn.traded[0]
    assert drawn.open[0, 0] == opened
    assert drawn.close[0, minutes - 1] == closed
    assert drawn.high[0, traded].max() == high
    assert drawn.low[0, traded].min() == low
    assert drawn.volume.sum() == volume
    assert (drawn.volume[0, traded] > 0).all()
    body = np.stack([drawn.open[0, traded], drawn.close[0, traded]])
    assert (drawn.high[0, traded] >= body.max(axis=0)).all()
    assert (drawn.low[0, traded] <= body.min(axis=0)).all()


def test_volume_is_high_at_both_ends_of_a_session(small: World) -> None:
    rows = np.repeat(small.liquid[:20], 20)
    columns = np.tile(np.arange(100, 120), 20)
    drawn = draw_minutes(small.seed, small.minute_days(small.stocks, rows, columns))
    usual = (drawn.volume / drawn.volume.sum(axis=1, keepdims=True)).mean(axis=0)
    assert usual[:20].mean() > 1.5 * usual[180:210].mean()
    assert usual[-20:].mean() > 1.5 * usual[180:210].mean()


def test_returns_are_correlated_and_within_a_sector_more(small: World) -> None:
    prices = small.stocks
    rows = small.liquid[1:]
    returns = np.diff(np.log(prices.adjusted[rows]), axis=1)
    together = np.corrcoef(returns)
    sectors = np.array([prices.listings[row].sector for row in rows])
    same = sectors[:, None] == sectors[None, :]
    other = ~np.eye(len(rows), dtype=bool)
    assert 0.1 < together[~same].mean() < 0.5
    assert together[same & other].mean() > together[~same].mean() + 0.03
    yearly = returns.std(axis=1) * np.sqrt(252)
    assert 0.15 < np.median(yearly) < 0.5


def test_the_index_fund_follows_the_index(small: World) -> None:
    fund, index = np.diff(np.log(small.stocks.adjusted[:2]), axis=1)
    assert small.stocks.listings[1].asset_type is AssetType.INDEX
    assert np.corrcoef(fund, index)[0, 1] > 0.99


def test_prices_gap_overnight(small: World) -> None:
    gaps = small.stocks.open[0, 1:] != small.stocks.close[0, :-1]
    assert gaps.mean() > 0.9


def test_a_split_cuts_the_price_and_leaves_the_adjusted_one(small: World) -> None:
    factor = small.stocks.actions.factor
    rows, columns = np.nonzero(np.diff(factor, axis=1))
    assert len(rows)
    for row, column in zip(rows, columns, strict=True):
        ratio = factor[row, column + 1] / factor[row, column]
        raw = small.stocks.close[row, column + 1] / small.stocks.close[row, column]
        adjusted = small.stocks.adjusted[row, column + 1] / small.stocks.adjusted[row, column]
        assert raw * ratio == pytest.approx(adjusted, rel=0.01)
        assert 0.7 < adjusted < 1.4


def test_adjusted_prices_end_where_raw_ones_do_and_dividends_lower_the_past(small: World) -> None:
    prices = small.stocks
    places = np.array([listing.places for listing in prices.listings])
    assert (prices.adjusted[:, -1] == prices.close[:, -1] * 10 ** (6 - places)).all()
    pays = prices.actions.amount[0] > 0
    assert pays.sum() >= 7
    assert prices.adjusted[0, 0] < prices.close[0, 0] * 10 ** (6 - places[0])


def test_symbols_are_unique_among_the_living_and_one_is_used_again(small: World) -> None:
    living = [one.symbol for one in small.listings if one.delisted_after == 1.0]
    assert len(living) == len(set(living))
    gone = [one.symbol for one in small.listings if one.delisted_after < 1.0]
    assert set(gone) <= set(living)
