"""Whatever was written, in whatever order, and however often it was refreshed between: no row differs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.refresh.conftest import Desk, at

Step = tuple[Any, ...]

NAMES = ("rolled.flows", "rolled.totals", "rolled.holdings", "rolled.newest")
MOMENTS = st.integers(0, 90 * 24).map(lambda hours: at("01-01", "00:00") + timedelta(hours=hours))
BOOKED = (
    st.integers(1, 4),
    MOMENTS,
    st.integers(-5, 5).filter(bool),
    st.integers(1, 3),
)
WHICH = st.integers(0, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), *BOOKED),
        st.tuples(st.just("trade"), *BOOKED),
        st.tuples(st.just("correct"), WHICH, MOMENTS, st.integers(1, 3)),
        st.tuples(st.just("bust"), WHICH, MOMENTS),
        st.tuples(st.just("remove"), WHICH),
        st.tuples(st.just("refresh"), st.sets(st.sampled_from(NAMES), min_size=1)),
    ),
    min_size=1,
    max_size=15,
)
ON_ONE_DATABASE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=15, deadline=None, suppress_health_check=ON_ONE_DATABASE)
@given(steps=STEPS)
def test_rollups_equal_their_views_after_any_history(desk: Desk, steps: Sequence[Step]) -> None:
    standing: list[tuple[int, datetime, int]] = []
    for step in steps:
        take(desk, standing, step)
    assert desk.differences() == {}
    held = "select account_id, instrument_id, sum(quantity) from ({}) q group by 1, 2 order by 1, 2"
    signed = (
        "select account_id, instrument_id, case side when 'buy' then quantity else -quantity end quantity"
        " from trading.effective_trades"
    )
    newest = (
        "select distinct on (1, 2) account_id, instrument_id, quantity from rolled.holdings"
        " order by 1, 2, day desc"
    )
    assert desk.rows(held.format(newest)) == desk.rows(held.format(signed))


def take(desk: Desk, standing: list[tuple[int, datetime, int]], step: Step) -> None:
    match step:
        case ("trade", account, when, quantity, instrument):
            number = desk.trade(account, when, quantity, instrument=instrument)
            standing.append((account, when, number))
        case ("refresh", names):
            desk.refresh(*names)
        case (_, which, *_) if not standing or which >= len(standing):
            pass
        case ("correct", which, when, instrument):
            account, old_when, old = standing.pop(which)
            number = desk.trade(
                account, when, 3, instrument=instrument, replaces=(old_when, old), kind="correction"
            )
            standing.append((account, when, number))
        case ("bust", which, when):
            account, old_when, old = standing.pop(which)
            desk.trade(account, when, replaces=(old_when, old), kind="bust")
        case ("remove", which):
            account, when, number = standing.pop(which)
            with desk.conn.transaction():
                desk.conn.execute("set local role warehouse_maintain")
                desk.conn.execute(
                    "delete from trading.trades where account_id = %s and executed_at = %s and trade_id = %s",
                    [account, when, number],
                )
