"""Indexes are built on partitioned tables while rows come in, and a cut-short build is carried on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg import Connection, connect
from psycopg.errors import LockNotAvailable
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from migrations.online import OnlineIndex, create_index_online, drop_index_online
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

INDEX = OnlineIndex("bars_source_idx", "market", "bars", ("source_id", "bar_at"))


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(), autocommit=True) as conn:
        bars = Base.metadata.tables["market.bars"]
        ensure(conn, bars, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
        yield conn


@pytest.fixture
def operations(database: Target) -> Iterator[None]:
    engine = create_engine(
        "postgresql+psycopg://", connect_args=database.keywords(), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True), Operations.context(context):
            yield


def indexes(conn: Connection[Any]) -> dict[str, bool]:
    """The index and its parts, with whether each is valid."""
    return dict(
        conn.execute(
            "select indexrelid::regclass::text, indisvalid from pg_index"
            " where pg_get_indexdef(indexrelid) like '%(source_id, bar_at)%'"
        ).fetchall()
    )


def test_every_partition_gets_its_part_and_the_whole_is_valid(
    conn: Connection[Any], operations: None
) -> None:
    create_index_online(INDEX)
    assert indexes(conn) == {
        "market.bars_source_idx": True,
        "market.bars_p20260101_source_idx": True,
        "market.bars_p20260201_source_idx": True,
        "market.bars_p20260301_source_idx": True,
    }


def test_a_build_that_was_cut_short_is_carried_on(
    database: Target, conn: Connection[Any], operations: None
) -> None:
    conn.execute("set lock_timeout = '100ms'")
    with connect(**database.keywords()) as writer:
        # An open write keeps CONCURRENTLY waiting; cancelled there, it leaves an INVALID index.
        writer.execute("lock table market.bars_p20260201 in row exclusive mode")
        conn.execute("create index bars_source_idx on only market.bars (source_id, bar_at)")
        with pytest.raises(LockNotAvailable):
            conn.execute(
                "create index concurrently bars_p20260201_source_idx"
                " on market.bars_p20260201 (source_id, bar_at)"
            )
    assert indexes(conn) == {
        "market.bars_source_idx": False,
        "market.bars_p20260201_source_idx": False,
    }
    create_index_online(INDEX)
    assert len(indexes(conn)) == 4
    assert all(indexes(conn).values())


def test_building_again_changes_nothing(conn: Connection[Any], operations: None) -> None:
    create_index_online(INDEX)
    before = indexes(conn)
    create_index_online(INDEX)
    assert indexes(conn) == before


def test_dropping_takes_the_parts_along(conn: Connection[Any], operations: None) -> None:
    create_index_online(INDEX)
    drop_index_online("market", "bars", "bars_source_idx")
    drop_index_online("market", "bars", "bars_source_idx")
    op.get_bind().commit()
    assert indexes(conn) == {}


def test_a_plain_table_is_served_too(conn: Connection[Any], operations: None) -> None:
    index = OnlineIndex("sources_priority_idx", "reference", "sources", ("priority",))
    create_index_online(index)
    found = conn.execute("select to_regclass('reference.sources_priority_idx') is not null")
    assert found.fetchone() == (True,)
    drop_index_online("reference", "sources", "sources_priority_idx")
    gone = conn.execute("select to_regclass('reference.sources_priority_idx') is null")
    assert gone.fetchone() == (True,)


def test_offline_sql_is_the_plain_statement() -> None:
    output = StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": output}
    )
    with Operations.context(context):
        create_index_online(INDEX)
    assert output.getvalue().strip() == (
        'create index "bars_source_idx" on "market"."bars" using "btree" (source_id, bar_at);'
    )
