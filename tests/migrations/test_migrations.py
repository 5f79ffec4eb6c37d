"""Migrations build what the models declare, go down again, and can be read before they run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db import migrations
from warehouse.db.catalog import describe
from warehouse.db.errors import translated
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.errors import SchemaVersionError, StatementError
from warehouse.jobs import install
from warehouse.models.base import SCHEMAS, Base
from warehouse.models.parity import parity_differences
from warehouse.partitions import ensure
from warehouse.partitions.apply import apply_ahead
from warehouse.partitions.policy import policies


@pytest.fixture
def empty(server: Target) -> Iterator[Target]:
    """A database without a schema, on a server with the roles."""
    with scratch_database(server) as target:
        install.make_roles(target)
        yield target


def relations(conn: Connection[Any]) -> set[str]:
    rows = conn.execute(
        "select n.nspname || '.' || c.relname from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%s)",
        [list(SCHEMAS)],
    )
    return {row[0] for row in rows}


@pytest.mark.slow
def test_models_and_migrations_describe_the_same_database(server: Target) -> None:
    assert parity_differences(server) == []


@pytest.mark.slow
def test_up_down_up_ends_where_it_began(empty: Target) -> None:
    migrations.upgrade(empty)
    with connect(**empty.keywords()) as conn:
        first = describe(conn, SCHEMAS)
    migrations.downgrade(empty)
    with connect(**empty.keywords()) as conn:
        assert relations(conn) == set()
        functions = conn.execute(
            "select p.oid::regprocedure::text from pg_proc p join pg_namespace n"
            " on n.oid = p.pronamespace where n.nspname = any(%s)",
            [[*SCHEMAS, "public"]],
        ).fetchall()
        assert functions == []
    migrations.upgrade(empty)
    with connect(**empty.keywords()) as conn:
        assert describe(conn, SCHEMAS) == first


def test_autogenerate_is_silent_on_a_database_with_partitions(database: Target) -> None:
    with connect(**database.keywords(), autocommit=True) as conn:
        assert apply_ahead(conn)
    migrations.check(database)


def test_migrating_again_changes_nothing(database: Target) -> None:
    with connect(**database.keywords()) as conn:
        before = describe(conn, SCHEMAS)
    assert install.migrate(database) == []
    with connect(**database.keywords()) as conn:
        assert describe(conn, SCHEMAS) == before


@pytest.mark.slow
def test_the_offline_sql_builds_the_same_schema(empty: Target, database: Target) -> None:
    with connect(**empty.keywords(), autocommit=True) as conn:
        conn.execute("set role warehouse_owner")
        conn.execute(migrations.offline_sql())
    with connect(**empty.keywords()) as offline, connect(**database.keywords()) as online:
        assert describe(offline, SCHEMAS) == describe(online, SCHEMAS)


def test_a_database_ahead_of_the_code_is_named_so(database: Target) -> None:
    with connect(**database.keywords()) as conn:
        conn.execute("update alembic_version set version_num = 'from_the_future'")
        with pytest.raises(SchemaVersionError, match="from_the_future.*it is ahead"):
            migrations.pending(conn)


def test_a_database_behind_the_code_is_named_so(empty: Target) -> None:
    with (
        connect(**empty.keywords()) as conn,
        pytest.raises(StatementError, match="behind this code, run `warehouse migrate`"),
        translated(),
    ):
        policies(conn)


def test_every_table_view_and_column_has_a_comment(database: Target) -> None:
    with connect(**database.keywords()) as conn:
        silent = conn.execute(
            "select c.oid::regclass, a.attname from pg_class c"
            " left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where c.relnamespace::regnamespace::text = any(%s) and c.relkind in ('r', 'p', 'v')"
            " and not c.relispartition"
            " and (obj_description(c.oid, 'pg_class') is null"
            " or col_description(c.oid, a.attnum) is null)",
            [[*SCHEMAS, "public"]],
        )
        assert silent.fetchall() == []


def test_whoever_reads_tables_may_read_the_views(database: Target) -> None:
    with connect(**database.keywords()) as conn:
        refused = conn.execute(
            "select c.oid::regclass, r.rolname from pg_class c, pg_roles r"
            " where c.relkind = 'v' and c.relnamespace::regnamespace::text = any(%s)"
            " and r.rolname in ('warehouse_read', 'warehouse_build', 'warehouse_write')"
            " and not has_table_privilege(r.oid, c.oid, 'select')",
            [list(SCHEMAS)],
        )
        assert refused.fetchall() == []


def test_no_partitioned_table_has_a_default_partition(database: Target) -> None:
    with connect(**database.keywords(), autocommit=True) as conn:
        ensure(
            conn,
            Base.metadata.tables["market.bars"],
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 2, 1, tzinfo=UTC),
        )
        found = conn.execute(
            "select partrelid::regclass from pg_partitioned_table where partdefid <> 0"
        )
        assert found.fetchall() == []
