"""Each check finds what it is for, and leaves alone what only looks like it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.quality.conftest import MONDAY, SESSIONS, Feed, opens
from warehouse.ingest.mapping import Mapping
from warehouse.ingest.quality.findings import resolve
from warehouse.ingest.quality.status import feeds, tell_failed
from warehouse.models.ops import QualityCheck, Resolution

GAP, STALE, SPIKE = QualityCheck.CALENDAR_GAP, QualityCheck.STALE, QualityCheck.SPIKE
TRADE = """
insert into trading.trades (
    account_id, executed_at, instrument_id, side, quantity, price, source_id, batch_id
) values (1, %s, 1, 'buy', 1, 10, 1, %s)
"""
QUOTE = """
insert into market.option_quotes (
    option_contract_id, expiration_date, snapshot_at, source_id, bid, ask, last, high, low
) values (7, '2026-03-20', %s, 1, %s, %s, %s, %s, %s)
"""
CONTRACT = """
insert into market.option_contracts (
    option_contract_id, underlying_id, osi_symbol, put_call, strike, expiration_date, option_root
) values (7, 1, 'AAA   260320C00100000', 'call', 100, '2026-03-20', 'AAA')
"""


def test_a_whole_feed_is_in_order(feed: Feed) -> None:
    feed.days(SESSIONS)
    for check in QualityCheck:
        assert feed.run(check) == (0, 0, 0)


# -- gaps ------------------------------------------------------------------------------------------


def test_missing_sessions_are_one_gap_until_they_come(feed: Feed) -> None:
    feed.days([0, 1, 7, 8, 10, 11])
    assert feed.run(GAP) == (2, 0, 0)
    assert feed.open(
        "severity", "instrument_id", "source_id", "frequency", "time_from", "time_to"
    ) == [
        ("warning", 1, 1, "1d", opens(2), opens(4, 390)),
        ("warning", 1, 1, "1d", opens(9), opens(9, 390)),
    ]
    assert feed.open("message")[0] == ("3 sessions without a bar, 2026-03-04 to 2026-03-06",)
    assert feed.run(GAP) == (0, 2, 0)
    feed.days([2, 3, 4])
    assert feed.run(GAP) == (0, 1, 1)


def test_a_gap_that_began_before_the_window_is_the_same_gap(feed: Feed) -> None:
    feed.days([0, 11])
    assert feed.run(GAP, 0) == (1, 0, 0)
    assert feed.run(GAP, 7) == (0, 1, 0)


def test_what_lies_outside_of_the_window_is_left(feed: Feed) -> None:
    feed.days([0, 2, 7, 9, 11])
    assert feed.run(GAP) == (4, 0, 0)
    feed.days([1, 8])
    assert feed.run(GAP, 0, 2) == (0, 0, 1)
    assert [at for (at,) in feed.open("time_from")] == [opens(3), opens(8), opens(10)]


def test_a_daily_bar_may_be_stamped_with_midnight(feed: Feed) -> None:
    feed.bars({MONDAY + timedelta(days=day): 10 for day in SESSIONS})
    assert feed.run(GAP) == (0, 0, 0)


def test_before_a_listing_and_after_its_end_nothing_is_missing(feed: Feed) -> None:
    feed.days([3, 11])
    feed.conn.execute(
        "update reference.instruments set delisted_at = %s, is_active = false where instrument_id = 1",
        [opens(4)],
    )
    assert feed.run(GAP) == (0, 0, 0)


def test_a_hole_within_a_session_is_found(feed: Feed) -> None:
    minutes = [*range(100), *range(200, 390)]
    feed.bars({opens(0, minute): 10 for minute in minutes}, frequency="1m")
    feed.bars({opens(1, minute): 10 for minute in range(0, 390, 25)}, frequency="1m")
    assert feed.run(GAP) == (1, 0, 0)
    assert feed.open("time_from", "time_to", "message") == [
        (opens(0, 100), opens(0, 200), "no bar for 01:40:00 of a session")
    ]


# -- stale feeds -----------------------------------------------------------------------------------


def test_a_silent_feed_is_stale_until_it_speaks(feed: Feed) -> None:
    feed.days([0, 1, 2, 3])
    feed.days(SESSIONS, instrument=2)
    assert feed.run(STALE, 0, 8) == (0, 0, 0)
    assert feed.run(STALE, 0, 10) == (1, 0, 0)
    assert feed.open("instrument_id", "severity", "message") == [
        (1, "warning", "nothing since 2026-03-05 14:30:00+00, 4 sessions ago")
    ]
    assert feed.run(STALE) == (0, 1, 0)
    assert feed.open("severity") == [("error",)]
    feed.days([11])
    assert feed.run(STALE) == (0, 0, 1)


def test_a_silence_that_was_accepted_is_not_told_again_and_tells_why_it_is(feed: Feed) -> None:
    feed.days([0, 1, 2, 3])
    assert tell_failed(feed.conn, "tape", Mapping(), "bars.gz is no gzip") == 1
    feed.run(STALE, 0, 10)
    ((number, message),) = feed.open("finding_id", "message")
    assert message.endswith("4 sessions ago; last error: bars.gz is no gzip")
    resolve(feed.conn, number, Resolution.ACCEPTED, "the feed has ended")
    assert feed.run(STALE) == (0, 0, 0)


def test_an_error_counts_also_where_no_success_is_known(feed: Feed) -> None:
    feed.days([0, 1, 2, 3])
    tell_failed(feed.conn, "tape", Mapping(), "bars.gz is no gzip")
    feed.conn.execute("update ops.instrument_data_status set last_success_at = null")
    assert len(feeds(feed.conn, failing=True)) == 1
    feed.run(STALE, 0, 10)
    ((message,),) = feed.open("message")
    assert message.endswith("last error: bars.gz is no gzip")


# -- spikes ----------------------------------------------------------------------------------------


def test_a_jump_that_does_not_come_back_is_a_warning_and_one_that_does_an_error(feed: Feed) -> None:
    prices = [10, 10, 16, 16, 17, 160, 17, 17, 17, 17]
    feed.bars({opens(day): price for day, price in zip(SESSIONS, prices, strict=True)})
    assert feed.run(SPIKE) == (2, 0, 0)
    assert feed.open("severity", "time_from") == [("warning", opens(2)), ("error", opens(7))]
    assert feed.open("message")[0] == ("close of 16 after 10: a move of 60.0 %",)


def test_of_prices_that_go_up_and_down_each_move_is_one(feed: Feed) -> None:
    feed.bars({opens(day): 10 if n % 2 else 20 for n, day in enumerate(SESSIONS)})
    assert feed.run(SPIKE, 7, 12) == (5, 0, 0)


def test_a_split_is_no_spike(feed: Feed) -> None:
    feed.bars({opens(day): 10 if day < 7 else 1 for day in SESSIONS})
    feed.conn.execute(
        "insert into market.corporate_actions (instrument_id, effective_day, kind, source_id, ratio)"
        " values (1, '2026-03-09', 'split', 1, 10)"
    )
    assert feed.run(SPIKE) == (0, 0, 0)


# -- sources ---------------------------------------------------------------------------------------


def test_sources_that_tell_different_closes_disagree(feed: Feed) -> None:
    feed.days(SESSIONS)
    feed.days(SESSIONS[:-1], 10.01, source=2)
    feed.days(SESSIONS[-1:], 10.2, source=2)
    feed.conn.execute(
        "insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)"
        " values (2, '2026-03-03', 1, 10, 10), (2, '2026-03-03', 2, 11, 11)"
    )
    assert feed.run(QualityCheck.SOURCES_DISAGREE) == (2, 0, 0)
    assert feed.open("relation", "severity", "instrument_id", "frequency", "message") == [
        ("reference.daily_marks", "error", 2, None,
         "the sources differ on 1 closes, by up to 10.00 %"),
        ("market.bars", "warning", 1, "1d", "the sources differ on 1 closes, by up to 2.00 %"),
    ]  # fmt: skip


# -- duplicates ------------------------------------------------------------------------------------


def test_alike_trades_of_two_loads_are_told_and_of_one_load_are_not(feed: Feed) -> None:
    for batch, minute in [(1, 0), (1, 0), (1, 5), (1, 5), (2, 5), (2, 5), (2, 9)]:
        feed.conn.execute(TRADE, [opens(0, minute), batch])
    assert feed.run(QualityCheck.DUPLICATE) == (1, 0, 0)
    assert feed.open("message", "details") == [
        ("2 trades came again in another load", {"trades": 2})
    ]


# -- quotes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "details"),
    [
        ((1.2, 1.1, 1.1, 1.2, 1.0), {"crossed": 1, "outside": 0}),
        ((1.0, 1.1, 1.3, 1.2, 1.0), {"crossed": 0, "outside": 1}),
        ((1.0, 1.1, 1.1, 1.2, 1.0), None),
        ((1.0, 0.0, 1.3, 0.0, 0.0), None),  # nobody offers, and nothing was traded
    ],
)
def test_a_quote_out_of_order_is_found(
    feed: Feed, quote: tuple[float, ...], details: dict[str, Any] | None
) -> None:
    feed.conn.execute(CONTRACT)
    feed.conn.execute(QUOTE, [opens(0), *quote])
    feed.run(QualityCheck.OHLC_ORDER)
    expected = [(details | {"first_contract_id": 7},)] if details else []
    assert feed.open("details") == expected
