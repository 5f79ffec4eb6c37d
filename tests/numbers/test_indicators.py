"""Indicators are TA-Lib's numbers, and the same wherever a run starts."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from itertools import pairwise, repeat
from typing import Any

import empyrical  # type: ignore[import-untyped]
import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection

from tests.numbers.series import Floats, days, prices

Answer = dict[str, Floats]

SERIES = 2_000
COLUMNS = (
    *("sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "ema_50", "rsi_14"),
    *("macd_line", "macd_signal", "macd_histogram"),
    *("bollinger_upper", "bollinger_middle", "bollinger_lower"),
    *("bollinger_position", "bollinger_width", "volatility_20"),
    *("price_change_1d", "price_change_5d", "price_change_30d", "average_volume_20"),
)
ASK = f"""
    select series, {", ".join(f"array_agg({c} order by t.day)" for c in COLUMNS)}
    from (
        select series, array_agg(day order by day) as days, array_agg(close order by day) as closes,
            array_agg(volume order by day) as volumes
        from series group by series
    ) as s, market.technical_indicators(s.days, s.closes, s.volumes) as t
    group by series
"""
RESUME = "select * from market.technical_indicators(%s::date[], %s, %s, %s, %s)"


@pytest.fixture(scope="module")
def closes() -> list[Floats]:
    return list(prices(seed=6, count=SERIES))


@pytest.fixture(scope="module")
def volumes(closes: list[Floats]) -> list[Floats]:
    draw = np.random.default_rng(7)
    return [draw.integers(0, 10**9, len(one)).astype(float) for one in closes]


@pytest.fixture(scope="module")
def answers(numbers: Connection[Any], closes: list[Floats], volumes: list[Floats]) -> list[Answer]:
    """What the database makes of every series; null as NaN."""
    numbers.execute(
        "create temp table series (series int, day date, close numeric, volume numeric)"
    )
    with numbers.cursor() as cursor, cursor.copy("copy series from stdin") as copy:
        for number, (close, volume) in enumerate(zip(closes, volumes, strict=True)):
            for day, *row in zip(days(len(close)), close, volume, strict=True):
                copy.write_row((number, day, f"{row[0]:.4f}", f"{row[1]:.0f}"))
    rows = numbers.cursor(binary=True).execute(ASK).fetchall()
    found = {n: dict(zip(COLUMNS, np.array(v, dtype=float), strict=True)) for n, *v in rows}
    return [found[number] for number in range(SERIES)]


def assert_alike(
    ours: Iterable[Floats],
    theirs: Iterable[Floats],
    relative: float,
    scales: Iterable[float] | None = None,
) -> None:
    """Equal to a relative error, or to that part of the series' scale, for differences that cancel out."""
    for number, (got, want, scale) in enumerate(
        zip(ours, theirs, scales or repeat(0.0), strict=False)  # repeat() never ends
    ):
        where = f"series {number}"
        np.testing.assert_allclose(got, want, relative, relative * scale, err_msg=where)


def column(answers: list[Answer], name: str) -> list[Floats]:
    return [answer[name] for answer in answers]


def over_windows(values: Floats, period: int, measure: Callable[[Floats], Any]) -> Floats:
    """A measure of each full window by itself, so that no rounding is carried along."""
    found = np.full(len(values), np.nan)
    if len(values) >= period:
        found[period - 1 :] = measure(np.lib.stride_tricks.sliding_window_view(values, period))
    return found


def peaks(closes: list[Floats]) -> list[float]:
    return [float(np.max(close)) for close in closes]


@pytest.mark.parametrize("period", [20, 50, 200])
def test_simple_averages(closes: list[Floats], answers: list[Answer], period: int) -> None:
    theirs = [talib.SMA(close, period) for close in closes]
    assert_alike(column(answers, f"sma_{period}"), theirs, 1e-9)


@pytest.mark.parametrize("period", [12, 26, 50])
def test_exponential_averages(closes: list[Floats], answers: list[Answer], period: int) -> None:
    theirs = [talib.EMA(close, period) for close in closes]
    assert_alike(column(answers, f"ema_{period}"), theirs, 1e-9)


def test_relative_strength(closes: list[Floats], answers: list[Answer]) -> None:
    assert_alike(column(answers, "rsi_14"), [talib.RSI(close, 14) for close in closes], 1e-6)


def test_relative_strength_where_nothing_moves_is_zero(closes: list[Floats]) -> None:
    flat = next(close for close in closes if len(close) > 20 and np.ptp(close) == 0)
    assert set(talib.RSI(flat, 14)[14:]) == {0.0}  # and ours is TA-Lib's, as the test above shows


@pytest.mark.parametrize("place", [0, 1, 2])
def test_convergence_of_averages(closes: list[Floats], answers: list[Answer], place: int) -> None:
    name = ("macd_line", "macd_signal", "macd_histogram")[place]
    theirs = [talib.MACD(close)[place] for close in closes]
    assert_alike(column(answers, name), theirs, 1e-9, peaks(closes))
    assert all(np.isnan(one[:33]).all() and not np.isnan(one[33:]).any() for one in theirs)


def test_bands(closes: list[Floats], answers: list[Answer]) -> None:
    """TA-Lib's rolling sums leave a residue of the largest price in what should be no variance at all."""
    theirs = [talib.BBANDS(close, 20) for close in closes]
    assert_alike(column(answers, "bollinger_middle"), [bands[1] for bands in theirs], 1e-9)
    squares = [float(np.max(close)) ** 2 for close in closes]
    for name, place in (("bollinger_upper", 0), ("bollinger_lower", 2)):
        got = [(one[name] - one["bollinger_middle"]) ** 2 for one in answers]
        want = [(bands[place] - bands[1]) ** 2 for bands in theirs]
        assert_alike(got, want, 1e-9, squares)


def test_bands_of_each_window_alone(closes: list[Floats], answers: list[Answer]) -> None:
    deviations = [over_windows(close, 20, partial(np.std, axis=1)) for close in closes]
    means = [over_windows(close, 20, partial(np.mean, axis=1)) for close in closes]
    upper = [m + 2 * d for m, d in zip(means, deviations, strict=True)]
    lower = [m - 2 * d for m, d in zip(means, deviations, strict=True)]
    width = [4 * d / m for m, d in zip(means, deviations, strict=True)]
    assert_alike(column(answers, "bollinger_upper"), upper, 1e-9)
    assert_alike(column(answers, "bollinger_lower"), lower, 1e-9, peaks(closes))
    assert_alike(column(answers, "bollinger_width"), width, 1e-9, repeat(1e-3))
    for close, answer in zip(closes, answers, strict=True):
        held = answer["bollinger_lower"] + answer["bollinger_position"] * (
            answer["bollinger_upper"] - answer["bollinger_lower"]
        )
        known = ~np.isnan(held)
        np.testing.assert_allclose(held[known], close[known], 1e-9)
        assert (known == (answer["bollinger_width"] > 0)).all()


def test_volatility(closes: list[Floats], answers: list[Answer]) -> None:
    yearly = partial(np.apply_along_axis, empyrical.annual_volatility, 1)
    returns = [np.diff(close) / close[:-1] for close in closes]
    theirs = [np.append(np.nan, over_windows(one, 20, yearly)) for one in returns]
    assert_alike(column(answers, "volatility_20"), theirs, 1e-9, repeat(1e-3))


@pytest.mark.parametrize("period", [1, 5, 30])
def test_price_changes(closes: list[Floats], answers: list[Answer], period: int) -> None:
    theirs = [talib.ROCP(close, period) for close in closes]
    assert_alike(column(answers, f"price_change_{period}d"), theirs, 1e-9, repeat(1e-3))


def test_average_volume(volumes: list[Floats], answers: list[Answer]) -> None:
    theirs = [talib.SMA(volume, 20) for volume in volumes]
    assert_alike(column(answers, "average_volume_20"), theirs, 1e-9)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_run_resumed_anywhere_equals_the_whole(numbers: Connection[Any], data: Any) -> None:
    """To the last bit: the windows are read again, the recursions go on from their state."""
    length = data.draw(st.integers(1, 260))
    seed = data.draw(st.integers(0, 2**32))
    cuts = data.draw(st.lists(st.integers(0, length), max_size=4))
    draw = np.random.default_rng(seed)
    close = [Decimal(int(c)).scaleb(-4) for c in draw.integers(1, draw.choice([3, 10**7]), length)]
    volume = [Decimal(int(v)) for v in draw.integers(0, 10**6, length)]
    bars = days(length), close, volume
    whole = numbers.execute(RESUME, [*bars, None, 0]).fetchall()
    pieces: list[Any] = []
    for start, stop in pairwise([0, *sorted(cuts), length]):
        first = max(0, start - 199)
        opening = pieces[-1][-1] if pieces else None
        piece = (part[first:stop] for part in bars)
        pieces += numbers.execute(RESUME, [*piece, opening, start - first]).fetchall()
    assert pieces == whole
