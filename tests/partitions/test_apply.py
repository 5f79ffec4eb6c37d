"""Partitions are made beside the parent, belong to the owner, and take rows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.apply import apply_ahead, partitions, plan_ahead
from warehouse.partitions.policy import declared_policy, policies

BARS = Base.metadata.tables["market.bars"]
START, END = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def conn(database: Target) -> Any:
    with connect(**database.keywords(), autocommit=True) as conn:
        yield conn


def test_a_span_gets_the_partitions_it_lacks_and_no_more(conn: Connection[Any]) -> None:
    assert ensure(conn, BARS, START, END) == 3
    assert ensure(conn, BARS, START, END) == 0
    names = [found.name for found in partitions(conn, declared_policy(BARS))]
    assert names == ["bars_p20260101", "bars_p20260201", "bars_p20260301"]


def test_bounds_are_in_utc_whatever_the_sessions_zone(conn: Connection[Any]) -> None:
    conn.execute("set timezone = 'America/New_York'")
    ensure(conn, BARS, START, START)
    ensure(conn, BARS, START, END)
    found = partitions(conn, declared_policy(BARS))
    assert found[0].bounds.start == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_partition_is_the_owners_and_nobody_is_granted_anything_on_it(
    conn: Connection[Any],
) -> None:
    ensure(conn, BARS, START, END)
    row = conn.execute(
        "select pg_get_userbyid(relowner), relacl from pg_class where relname = 'bars_p20260101'"
    ).fetchone()
    assert row == ("warehouse_owner", None)


def test_a_partition_has_every_index_of_its_parent(conn: Connection[Any]) -> None:
    ensure(conn, BARS, START, END)
    lacking = conn.execute(
        "select p.indexrelid::regclass from pg_index p where p.indrelid = 'market.bars'::regclass"
        " and (select count(*) from pg_inherits i where i.inhparent = p.indexrelid) <> 3"
    ).fetchall()
    assert lacking == []


def test_apply_makes_what_every_policy_asks_for_and_then_rests(conn: Connection[Any]) -> None:
    made = apply_ahead(conn)
    assert {step.policy.parent for step in made} == {policy.parent for policy in policies(conn)}
    assert plan_ahead(conn) == []


def test_every_partitioned_table_has_a_policy(conn: Connection[Any]) -> None:
    tables = {
        row[0]
        for row in conn.execute(
            "select format('%s.%s', n.nspname, c.relname) from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'"
        )
    }
    assert tables == {policy.parent for policy in policies(conn)}
