"""The health routes tell a dead process from one that must wait, and say for what."""

from typing import Any

import httpx
from psycopg import connect, sql

from warehouse.db.migrations import head
from warehouse.db.target import Target

# Every range-partitioned table, by the names that the catalogue prints.
PARENTS = (
    "select c.oid::regclass::text from pg_class as c"
    " where c.relkind = 'p' and not c.relispartition order by 1"
)


async def ready(client: httpx.AsyncClient) -> tuple[int, dict[str, dict[str, Any]]]:
    answer = await client.get("/health/ready")
    return answer.status_code, {check["name"]: check for check in answer.json()["checks"]}


PARTITIONS = (
    "select i.inhrelid::regclass::text from pg_inherits as i"
    " join pg_class as c on c.oid = i.inhparent where c.relkind = 'p'"
    " and i.inhrelid in (select oid from pg_class where relkind = 'r')"
)


def reach(target: Target, until: str, **exceptions: str) -> None:
    """Give every partitioned table one partition that ends when it is said."""
    with connect(**target.keywords()) as conn:
        for (partition,) in conn.execute(PARTITIONS).fetchall():
            conn.execute(sql.SQL("drop table {}").format(sql.SQL(partition)))
        conn.execute("set timezone = 'America/New_York'")
        for number, (parent,) in enumerate(conn.execute(PARENTS).fetchall()):
            end = exceptions.get(parent.replace(".", "_"), until)
            statement = "create table {} partition of {} for values from ('2000-01-01') to ({})"
            conn.execute(
                sql.SQL(statement).format(
                    sql.Identifier("ops", f"reach_{number}"),
                    sql.SQL(parent),
                    sql.SQL(end) if end == "maxvalue" else sql.Literal(end),
                )
            )


async def test_a_process_that_answers_lives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"live": True}


async def test_it_is_ready_when_all_is_in_order(client: httpx.AsyncClient, served: Target) -> None:
    reach(served, "maxvalue", market_bars="2999-12-31 20:00-05")
    status, checks = await ready(client)
    assert status == 200
    assert {name: check["ok"] for name, check in checks.items()} == {
        "database": True,
        "migrations": True,
        "partitions": True,
        "marts": True,
        "replica": True,
    }
    assert "run `warehouse build`" in checks["marts"]["detail"]
    assert checks["replica"]["detail"] == "reads go to the primary"
    assert head() in checks["migrations"]["detail"]
    assert "market.bars reaches" in checks["partitions"]["detail"]


async def test_a_table_without_a_partition_for_now_is_named(
    client: httpx.AsyncClient, served: Target
) -> None:
    status, checks = await ready(client)
    assert (status, checks["partitions"]["ok"]) == (503, False)
    assert "has no partition; run `warehouse partitions apply`" in checks["partitions"]["detail"]
    # The end is told in UTC, whatever the zone it was given in.
    reach(served, "maxvalue", market_bars="2020-12-31 20:00-05")
    status, checks = await ready(client)
    assert status == 503
    assert checks["partitions"]["detail"].startswith("market.bars ended on 2021-01-01")


async def test_another_revision_is_named(client: httpx.AsyncClient, served: Target) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("update alembic_version set version_num = 'another'")
    status, checks = await ready(client)
    assert (status, checks["migrations"]["ok"]) == (503, False)
    assert f"at another, this code expects {head()}" in checks["migrations"]["detail"]


async def test_a_database_that_is_gone_is_the_one_check(
    client: httpx.AsyncClient, served: Target
) -> None:
    with connect(**served.with_(dbname="postgres").keywords(), autocommit=True) as conn:
        name = sql.Identifier(str(served.keywords()["dbname"]))
        conn.execute(sql.SQL("drop database {} with (force)").format(name))
    status, checks = await ready(client)
    assert status == 503
    assert list(checks) == ["database"]
    assert (await client.get("/health/live")).status_code == 200
