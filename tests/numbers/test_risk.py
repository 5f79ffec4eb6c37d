"""Risk measures are empyrical's, and null where it answers NaN or an infinity."""

from statistics import NormalDist
from typing import Any

import empyrical  # type: ignore[import-untyped]
import numpy as np
import pytest
from psycopg import Connection

from tests.numbers.series import Floats, returns

YEAR = np.sqrt(252)
ASK = "select m.* from risk.measures(%s::double precision[], %s::double precision[], %s) as m"
Measures = dict[str, float | None]


def measures(
    conn: Connection[Any], own: Any, benchmark: Any = None, risk_free: float = 0.0
) -> Measures:
    cursor = conn.execute(ASK, [own, benchmark, risk_free])
    [row] = cursor.fetchall()
    return dict(zip((column.name for column in cursor.description or []), row, strict=True))


def expected(own: Floats, benchmark: Floats, risk_free: float) -> dict[str, float]:
    """Every measure as the library, or the definition in a line of numpy, has it."""
    active = own - benchmark
    return {
        "days": len(own),
        "total_return": empyrical.cum_returns_final(own),
        "annual_return": empyrical.annual_return(own),
        "annual_volatility": empyrical.annual_volatility(own),
        "downside_deviation": empyrical.downside_risk(own, risk_free),
        "sharpe": empyrical.sharpe_ratio(own, risk_free),
        "sortino": empyrical.sortino_ratio(own, risk_free),
        "calmar": empyrical.calmar_ratio(own),
        "max_drawdown": empyrical.max_drawdown(own),
        "max_drawdown_days": days_under_water(own),
        "beta": empyrical.beta_aligned(own, benchmark, risk_free),
        "alpha": empyrical.alpha_aligned(own, benchmark, risk_free),
        "tracking_error": empyrical.annual_volatility(active),
        "information_ratio": empyrical.excess_sharpe(own, benchmark) * YEAR,
        **tails(own, "95", 0.05),
        **tails(own, "99", 0.01),
    }


def tails(own: Floats, name: str, cutoff: float) -> dict[str, float]:
    at_risk = empyrical.value_at_risk(own, cutoff)
    normal, deviation = NormalDist(), np.std(own, ddof=1) if len(own) > 1 else np.nan
    quantile = normal.inv_cdf(cutoff)
    return {
        f"var_{name}": at_risk,
        f"expected_shortfall_{name}": float(np.mean(own[own <= at_risk + 1e-15])),
        f"parametric_var_{name}": np.mean(own) + quantile * deviation,
        f"parametric_expected_shortfall_{name}": np.mean(own)
        - normal.pdf(quantile) / cutoff * deviation,
    }


def days_under_water(own: Floats) -> int:
    """From the last peak before the deepest trough to the first day as high again, or the last day."""
    growth = np.append(1.0, np.cumprod(1 + own))
    depth = growth / np.maximum.accumulate(growth)
    trough = int(np.argmin(depth))
    if depth[trough] == 1:
        return 0
    peak = np.max(growth[:trough])
    start = int(np.flatnonzero(growth[:trough] == peak)[-1])
    above = np.flatnonzero(growth[trough:] >= peak)
    return (trough + int(above[0]) if len(above) else len(own)) - start


def test_measures_of_many_series(numbers: Connection[Any]) -> None:
    compared = dict.fromkeys(expected(np.zeros(3), np.zeros(3), 0), 0)
    for number, (own, benchmark) in enumerate(returns(seed=2, count=1_500)):
        risk_free = 0.0001 * (number % 2)
        found = measures(numbers, own.tolist(), benchmark.tolist(), risk_free)
        with np.errstate(all="ignore"):
            want = expected(own, benchmark, risk_free)
        assert found.keys() == want.keys()
        for name, value in want.items():
            where = f"{name} of series {number}"
            if np.isfinite(value):
                assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), where
                compared[name] += 1
            else:
                assert found[name] is None, where
    assert min(compared.values()) > 800, compared


def test_expected_shortfall_is_empyricals_where_no_return_comes_twice(
    numbers: Connection[Any],
) -> None:
    for own, _ in returns(seed=4, count=60):
        if len(set(own)) == len(own):
            found = measures(numbers, own.tolist())
            want = empyrical.conditional_value_at_risk(own, 0.05)
            assert found["expected_shortfall_95"] == pytest.approx(want, rel=1e-9)


def test_no_day_leaves_nothing_to_tell(numbers: Connection[Any]) -> None:
    for own in ([], [None, None]):
        found = measures(numbers, own)
        assert found.pop("days") == 0
        assert set(found.values()) == {None}


def test_days_without_a_return_are_left_out(numbers: Connection[Any]) -> None:
    own, benchmark = [0.01, None, -0.02, 0.03], [0.02, 0.9, None, 0.01]
    found = measures(numbers, own, benchmark)
    assert found["sharpe"] == measures(numbers, [0.01, -0.02, 0.03])["sharpe"]
    assert found["beta"] == measures(numbers, [0.01, 0.03], [0.02, 0.01])["beta"]
    assert found["max_drawdown"] == pytest.approx(-0.02)


def test_without_a_benchmark_only_what_needs_one_is_null(numbers: Connection[Any]) -> None:
    found = measures(numbers, [0.01, -0.02, 0.03])
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"beta", "alpha", "tracking_error", "information_ratio"}


def test_losing_everything_is_told_and_not_refused(numbers: Connection[Any]) -> None:
    found = measures(numbers, [0.5, -1.0, 0.2])
    assert (found["total_return"], found["annual_return"], found["max_drawdown"]) == (-1, -1, -1)
    assert measures(numbers, [-1.5, 0.1])["annual_return"] is None
    assert measures(numbers, [1e6])["annual_return"] is None


def test_the_further_out_the_worse(numbers: Connection[Any]) -> None:
    found = measures(numbers, next(iter(returns(seed=5, count=1)))[0].tolist())
    for kind in ("var", "expected_shortfall", "parametric_var", "parametric_expected_shortfall"):
        [near, far] = [found[f"{kind}_{level}"] for level in ("95", "99")]
        assert near is not None
        assert far is not None
        assert far <= near


def test_whoever_reads_or_builds_may_ask(numbers: Connection[Any]) -> None:
    rows = numbers.execute(
        "select r.rolname, bool_and(has_function_privilege(r.oid, p.oid, 'execute')),"
        " bool_or(has_function_privilege(r.oid, p.oid, 'execute'))"
        " from pg_proc as p, pg_roles as r"
        " where p.oid::regproc::text in ('market.technical_indicators', 'portfolio.product',"
        " 'portfolio.xirr', 'risk.measures', 'trading.match_lots') and r.rolname like 'warehouse\\_%'"
        " group by r.rolname"
    ).fetchall()
    may = {name for name, every, _ in rows if every}
    may_some = {name for name, _, some in rows if some}
    assert may == may_some
    assert {"warehouse_read", "warehouse_build"} <= may
    assert "warehouse_api" not in may
