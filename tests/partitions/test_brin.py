"""The report on block-range indexes tells what is small, in order and summarized from what is not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.brin import Brin, brin_report, degraded
from warehouse.partitions.owner import as_owner

START = datetime(2026, 1, 1, tzinfo=UTC)
# Without its foreign keys, so that rows can be made by the thousand.
FILL = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, volume, is_empty, event_id)"
    " select i, '1m', timestamptz '2026-01-01 00:00+0' + make_interval(secs => i), 1, 0, true, {event}"
    " from generate_series(%s::int, %s) as i"
)


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(), autocommit=True) as conn:
        ensure(conn, Base.metadata.tables["market.bars"], START, START.replace(day=2))
        conn.execute("alter table market.bars_p20260101 set (autovacuum_enabled = off)")
        conn.execute("set session_replication_role = replica")
        # Each row gets the event that its test wants.
        conn.execute("alter table market.bars disable trigger user")
        yield conn


def fill(conn: Connection[Any], first: int, last: int, event: str = "i") -> None:
    conn.execute(FILL.format(event=event), [first, last])


def of(conn: Connection[Any], column: str) -> Brin:
    (found,) = (each for each in brin_report(conn, ["market.bars"]) if each.column_name == column)
    return found


def test_every_partition_inherits_ranges_that_summarize_themselves(conn: Connection[Any]) -> None:
    declared = next(
        index.dialect_options["postgresql"]["with"]
        for index in Base.metadata.tables["market.bars"].indexes
        if index.dialect_options["postgresql"]["using"] == "brin"
    )
    found = brin_report(conn)
    assert {each.column_name for each in found} >= {"bar_at", "event_id"}
    assert {each.pages_per_range for each in found} == {declared["pages_per_range"]}
    assert all(each.autosummarize for each in found)
    assert [told for each in found for told in each.problems] == []


def test_only_the_tables_that_are_asked_for_are_told(conn: Connection[Any]) -> None:
    assert {each.parent for each in brin_report(conn, ["market.bars"])} == {"market.bars"}
    assert brin_report(conn, []) == []


def test_unsummarized_ranges_are_counted_in_the_index(conn: Connection[Any]) -> None:
    conn.execute("create extension pageinspect")
    assert degraded(conn) is None
    fill(conn, 1, 20_000)
    fresh = of(conn, "bar_at")
    assert fresh.is_exact
    assert fresh.ranges > 4
    # The first range exists with the first page; every later one is new.
    assert fresh.unsummarized == fresh.ranges - 1
    assert any("ranges unsummarized" in told for told in fresh.problems)
    conn.execute("select brin_summarize_new_values(%s::regclass)", [fresh.index])
    assert of(conn, "bar_at").unsummarized == 0
    assert of(conn, "event_id").unsummarized == fresh.ranges - 1
    conn.execute("vacuum market.bars_p20260101")
    assert of(conn, "event_id").unsummarized == 0
    conn.execute("select brin_desummarize_range(%s::regclass, 0)", [fresh.index])
    assert of(conn, "bar_at").unsummarized == 1


def test_without_pageinspect_they_are_estimated_and_it_says_so(conn: Connection[Any]) -> None:
    assert "create extension pageinspect" in (degraded(conn) or "")
    fill(conn, 1, 20_000)
    fresh = of(conn, "bar_at")
    assert not fresh.is_exact
    assert fresh.unsummarized == fresh.ranges
    conn.execute("vacuum market.bars_p20260101")
    assert of(conn, "bar_at").unsummarized == 0
    fill(conn, 20_001, 30_000)
    later = of(conn, "bar_at")
    assert later.unsummarized == later.ranges - fresh.ranges


def test_who_is_no_superuser_gets_the_estimate_and_the_reason(conn: Connection[Any]) -> None:
    conn.execute("create extension pageinspect")
    fill(conn, 1, 20_000)
    with as_owner(conn):
        assert "only a superuser" in (degraded(conn) or "")
        assert not of(conn, "bar_at").is_exact


def test_a_column_out_of_order_is_told(conn: Connection[Any]) -> None:
    fill(conn, 1, 20_000, event="(i * 7919) %% 20000")
    assert of(conn, "bar_at").correlation is None
    conn.execute("vacuum analyze market.bars_p20260101")
    assert of(conn, "bar_at").correlation == pytest.approx(1.0)
    assert of(conn, "bar_at").problems == []
    assert abs(of(conn, "event_id").correlation or 1) < 0.9
    assert "is not in order of event_id" in of(conn, "event_id").problems[0]


def test_it_takes_a_thousandth_of_the_heap_at_most(conn: Connection[Any]) -> None:
    fill(conn, 1, 300_000)
    conn.execute("vacuum market.bars_p20260101")
    found = of(conn, "bar_at")
    assert 0 < found.share <= 0.001
    assert found.problems == []


def test_an_index_that_does_not_summarize_itself_is_told(conn: Connection[Any]) -> None:
    conn.execute("alter index market.bars_p20260101_bar_at_idx set (autosummarize = off)")
    assert "does not summarize itself" in of(conn, "bar_at").problems[0]
