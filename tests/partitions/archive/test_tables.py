"""Our own tables that are out of the ordinary: the audit log, and sets that refer to one another."""

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.archive.conftest import FEBRUARY, JANUARY, differing
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.archive import archive, restore
from warehouse.partitions.archive.errors import ArchiveError

EVENTS = """
insert into audit.events (occurred_at, event_id, actor, login_role, table_schema, table_name, operation,
    row_count, time_from, time_to, account_ids, instrument_ids, digest)
values ('2026-01-05', 1, 'a', 'b', 'trading', 'trades', 'insert', 3, '2026-01-01', '2026-01-02',
        '{1,2}', '{}', sha256('x')),
    ('2026-01-06', 2, 'a', 'b', 'trading', 'orders', 'update', 1, null, null, null, null, null)
"""
BOOKED = """
insert into trading.transactions (account_id, transaction_at, transaction_id, transaction_type, status,
    net_amount, currency, source_id)
select 1 + n % 5, '2026-01-02', n, 'trade', 'valid', n + 0.50, 'USD', 1
from generate_series(1, 50) as n;
insert into trading.transaction_items (account_id, transaction_at, transaction_id, item_no, amount,
    cost)
select account_id, transaction_at, transaction_id, 1, 1, net_amount from trading.transactions;
"""


def take_away(conn: Connection[Any], parent: str) -> None:
    name = f"{parent}_p20260101"
    conn.execute(f"create table if not exists before_{name.partition('.')[2]} as table {name}")
    conn.execute(f"alter table {parent} detach partition {name}")
    conn.execute(f"drop table {name}")


def test_a_month_of_the_audit_log_comes_back(conn: Connection[Any], url: str) -> None:
    ensure(conn, Base.metadata.tables["audit.events"], JANUARY, FEBRUARY)
    conn.execute("set role warehouse_owner")
    conn.execute(EVENTS)
    conn.execute("reset role")
    archived = archive(conn, "audit.events", "events_p20260101", url)
    carried = {column.name: column.parquet for column in archived.contents().columns}
    assert (carried["xid"], carried["account_ids"]) == ("uint64", "list<item: int64>")
    take_away(conn, "audit.events")
    restore(conn, archived.archive_id)
    # xid8 has no order that EXCEPT could use.
    rows = "select t::text from {} as t where occurred_at < '2026-02-01' order by 1"
    before = conn.execute(rows.format("before_events_p20260101")).fetchall()
    assert conn.execute(rows.format("audit.events")).fetchall() == before
    assert len(before) == 2


def test_what_refers_to_a_retired_row_comes_back_after_it(conn: Connection[Any], url: str) -> None:
    items, transactions = "trading.transaction_items", "trading.transactions"
    for parent in (transactions, items):
        ensure(conn, Base.metadata.tables[parent], JANUARY, datetime(2026, 1, 31, tzinfo=UTC))
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute(BOOKED)
    archives = {
        parent: archive(conn, parent, f"{parent}_p20260101", url).archive_id
        for parent in (items, transactions)
    }
    for parent in (items, transactions):
        take_away(conn, parent)
    with pytest.raises(ArchiveError, match="refers to a row that is not there"):
        restore(conn, archives[items])
    for parent in (transactions, items):
        restore(conn, archives[parent])
        assert differing(conn, parent, f"before_{parent.partition('.')[2]}_p20260101") == 0
    keys = conn.execute(
        "select count(*) from pg_constraint where contype = 'f' and convalidated"
        " and conrelid = 'trading.transaction_items_p20260101'::regclass"
    ).fetchone()
    assert keys is not None
    assert keys[0] >= 3
