"""Sets go to the real pg_partman and come from it, and no partition is missing or doubled either way.

Runs where the extension is installed: Debian's postgresql-15-partman is 4.7, 5.1 is tried the same.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
import typer
from psycopg import Connection, connect
from psycopg.errors import CheckViolation, LockNotAvailable
from typer.testing import CliRunner

from warehouse.cli import partition_partman
from warehouse.db.target import Target
from warehouse.models.base import Base, Interval
from warehouse.partitions import ensure
from warehouse.partitions.adopt import adopt, plan_adoption
from warehouse.partitions.naming import Bounds, floor, following, partition_name, windows
from warehouse.partitions.owner import as_owner
from warehouse.partitions.partman import (
    Partman,
    PartmanRefused,
    export,
    export_sql,
    installed,
    members,
)

# What each interval is called by pg_partman, and how many partitions reach a while ahead.
CALLED: dict[Interval, tuple[str, str]] = {
    "hour": ("1 hour", "hourly"),
    "day": ("1 day", "daily"),
    "week": ("1 week", "weekly"),
    "month": ("1 month", "monthly"),
    "quarter": ("3 months", "quarterly"),
    "year": ("1 year", "yearly"),
}
INTERVALS = get_args(Interval)
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu")
NOW = datetime.now(UTC)
# Kills itself within the step after so many, when it is done and not committed.
KILLED = """
import os, signal, sys
from psycopg import connect
from warehouse.db.target import primary
from warehouse.partitions import adopt

left, really = int(sys.argv[2]), adopt._do

def doomed(conn, step):
    global left
    really(conn, step)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

adopt._do = doomed
with connect(**primary().keywords(), autocommit=True) as conn:
    adopt.adopt(conn, sys.argv[1])
"""


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(), autocommit=True) as conn:
        yield conn


@pytest.fixture
def partman(conn: Connection[Any]) -> Partman:
    there = conn.execute("select from pg_available_extensions where name = 'pg_partman'")
    if not there.rowcount:
        pytest.skip("pg_partman is not installed for this server")
    conn.execute("create schema partman")
    conn.execute("create extension pg_partman schema partman")
    found = installed(conn)
    assert found
    return found


def cut_table(conn: Connection[Any], name: str, interval: Interval, count: int = 3) -> None:
    """A set of ours: a policy, and partitions from the last interval to a few ahead."""
    table(conn, name)
    start = floor(NOW, interval)
    bounds = Bounds(floor(start - timedelta(minutes=1), interval), start)
    for _ in range(count + 1):
        make(conn, name, bounds, interval)
        bounds = Bounds(bounds.end, following(bounds.end, interval))
    conn.execute(
        "insert into ops.partition_policy (parent_table, control, partition_interval, premake,"
        " retention, datetime_string) values (%s, 'at', %s, 6, '10 years', %s)",
        [
            f"market.{name}",
            CALLED[interval][0],
            "YYYYMMDD_HH24MISS" if interval == "hour" else "YYYYMMDD",
        ],
    )


def make(conn: Connection[Any], name: str, bounds: Bounds, interval: Interval) -> None:
    with as_owner(conn):
        conn.execute(
            f"create table market.{partition_name(name, bounds, interval)} partition of market.{name}"
            f" for values from ('{bounds.start}') to ('{bounds.end}')"
        )


def table(conn: Connection[Any], name: str) -> None:
    conn.execute(
        f"create table market.{name} (id bigint, at timestamptz not null, primary key (id, at))"
        " partition by range (at)"
    )
    conn.execute(f"create index {name}_at_idx on market.{name} using brin (at)")
    conn.execute(f"alter table market.{name} owner to warehouse_owner")


def theirs(
    conn: Connection[Any], partman: Partman, name: str, interval: Interval, **options: str
) -> None:
    """A set that pg_partman makes by itself, in its own way."""
    table(conn, name)
    called = CALLED[interval][partman.shape == "4"]
    arguments = {
        "p_parent_table": f"market.{name}",
        "p_control": "at",
        "p_interval": called,
        "p_type": "native" if partman.shape == "4" else "range",
        **options,
    }
    if partman.shape == "5" and interval in ("week", "quarter"):
        arguments.setdefault("p_date_trunc_interval", interval)
    words = ", ".join(f"{key} := '{value}'" for key, value in arguments.items())
    conn.execute(f"select partman.create_parent({words})")


def maintain(conn: Connection[Any], zone: str = "UTC") -> None:
    """As the owner, in a session of any zone."""
    with conn.transaction():
        conn.execute(f"set local timezone = '{zone}'")
        conn.execute("set local role warehouse_owner")
        conn.execute("select partman.run_maintenance()")


def assert_whole(conn: Connection[Any], name: str, interval: Interval, ahead: int) -> None:
    """One partition per interval, bounded and named as ours, all the owner's, none by default."""
    parts = members(conn, f"market.{name}")
    assert not [part for part in parts if part.is_default]
    assert {part.owner for part in parts} == {"warehouse_owner"}
    bounds = [part.bounds for part in parts]
    assert bounds == list(windows(bounds[0].start, bounds[-1].end, interval))
    assert all(left.end == right.start for left, right in pairwise(bounds))
    assert [part.name for part in parts] == [partition_name(name, b, interval) for b in bounds]
    assert len([b for b in bounds if b.start > NOW]) >= ahead


def config(conn: Connection[Any], name: str) -> dict[str, Any] | None:
    row = conn.execute(
        "select to_jsonb(c) from partman.part_config c where parent_table = %s", [f"market.{name}"]
    ).fetchone()
    return row[0] if row else None


# -- to pg_partman ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_maintenance_carries_on_with_our_sets(
    conn: Connection[Any], partman: Partman, zone: str
) -> None:
    for interval in INTERVALS:
        cut_table(conn, f"sold_by_{interval}", interval)
    export(conn, [f"market.sold_by_{interval}" for interval in INTERVALS], NOW)
    maintain(conn, zone)
    maintain(conn, zone)
    for interval in INTERVALS:
        # It counts months as 30 days, so of six years it makes five and a bit.
        assert_whole(conn, f"sold_by_{interval}", interval, ahead=5)


def test_summer_time_moves_no_bound(conn: Connection[Any], partman: Partman) -> None:
    cut_table(conn, "sold", "day")
    conn.execute("update ops.partition_policy set premake = 366 where parent_table = 'market.sold'")
    export(conn, ["market.sold"], NOW)
    maintain(conn, "America/New_York")
    assert_whole(conn, "sold", "day", ahead=366)


def test_it_never_retires_and_never_catches_what_misses(
    conn: Connection[Any], partman: Partman
) -> None:
    cut_table(conn, "sold", "day")
    conn.execute(
        "update ops.partition_policy set retention = '1 day', retention_keep_table = false"
        " where parent_table = 'market.sold'"
    )
    today = floor(NOW, "day")
    for bounds in windows(today - timedelta(days=4), today - timedelta(days=1), "day"):
        make(conn, "sold", bounds, "day")
    before = {part.name for part in members(conn, "market.sold")}
    export(conn, ["market.sold"], NOW)
    exported = config(conn, "sold")
    assert exported
    assert exported["retention"] is None
    assert exported.get("default_table", False) is False
    maintain(conn)
    assert before <= {part.name for part in members(conn, "market.sold")}
    with pytest.raises(CheckViolation):
        conn.execute("insert into market.sold values (1, '1999-01-01')")


def test_our_own_tables_can_all_go_and_come_back(conn: Connection[Any], partman: Partman) -> None:
    rows = conn.execute("select parent_table from ops.partition_policy").fetchall()
    names = [name for (name,) in rows]
    for name in names:
        ensure(conn, Base.metadata.tables[name], NOW, NOW + timedelta(days=70))
    kept = "select parent_table, retention, premake, version from ops.partition_policy order by 1"
    before = conn.execute(kept).fetchall()
    export(conn, names, NOW)
    maintain(conn)
    for name in names:
        assert config(conn, name.partition(".")[2]) is None or name.startswith("market.")
        adopt(conn, name)
        assert plan_adoption(conn, name) == []
    assert conn.execute("select count(*) from partman.part_config").fetchone() == (0,)
    assert conn.execute(kept).fetchall() == before


def test_exporting_again_brings_the_config_up_to_date(
    conn: Connection[Any], partman: Partman
) -> None:
    cut_table(conn, "sold", "day")
    export(conn, ["market.sold"], NOW)
    conn.execute("update ops.partition_policy set premake = 9 where parent_table = 'market.sold'")
    conn.execute("update partman.part_config set retention = '1 day'")
    export(conn, ["market.sold"], NOW)
    exported = config(conn, "sold")
    assert exported
    assert (exported["premake"], exported["retention"]) == (9, None)


def test_what_it_could_not_carry_on_is_not_handed_over(
    conn: Connection[Any], partman: Partman
) -> None:
    cut_table(conn, "sold", "day")
    cut_table(conn, "holed", "day")
    middle = members(conn, "market.holed")[2].name
    conn.execute(f"alter table market.holed detach partition market.{middle}")
    with pytest.raises(PartmanRefused, match=r"market\.holed has a gap"):
        export(conn, ["market.sold", "market.holed"], NOW)
    with pytest.raises(PartmanRefused, match=r"market\.sold has a gap.*no partition for now"):
        export(conn, ["market.sold"], NOW + timedelta(days=100))
    conn.execute("create table market.rest partition of market.sold default")
    with pytest.raises(PartmanRefused, match="has a default table"):
        export(conn, ["market.sold"], NOW)
    with pytest.raises(PartmanRefused, match="has no policy, so there is nothing to export"):
        export(conn, ["market.nothing"], NOW)
    assert conn.execute("select count(*) from partman.part_config").fetchone() == (0,)


def test_a_set_whose_interval_was_changed_goes_when_its_last_partition_has_the_new_one(
    conn: Connection[Any], partman: Partman
) -> None:
    cut_table(conn, "sold", "month")
    conn.execute(
        "update ops.partition_policy set partition_interval = '1 day' where parent_table = 'market.sold'"
    )
    with pytest.raises(PartmanRefused, match="does not span a day as its policy says now"):
        export(conn, ["market.sold"], NOW)
    end = members(conn, "market.sold")[-1].bounds.end
    make(conn, "sold", Bounds(end, following(end, "day")), "day")
    conn.execute("update ops.partition_policy set premake = 200 where parent_table = 'market.sold'")
    export(conn, ["market.sold"], NOW)
    maintain(conn)
    bounds = [part.bounds for part in members(conn, "market.sold")]
    assert all(left.end == right.start for left, right in pairwise(bounds))
    assert bounds[-1].start >= NOW + timedelta(days=199)
    adopt(conn, "market.sold")
    assert plan_adoption(conn, "market.sold") == []


def test_kept_names_that_4_would_misread_are_not_handed_to_it(
    conn: Connection[Any], partman: Partman
) -> None:
    theirs(conn, partman, "bought", "week")
    adopt(conn, "market.bought", keep_names=True)
    if partman.shape == "4":
        with pytest.raises(PartmanRefused, match="goes by names"):
            export(conn, ["market.bought"], NOW)
        adopt(conn, "market.bought")
    export(conn, ["market.bought"], NOW)
    maintain(conn)
    assert_whole(conn, "bought", "week", ahead=4)


def test_without_the_extension_it_says_so_and_still_prints_the_sql(conn: Connection[Any]) -> None:
    cut_table(conn, "sold", "day")
    with pytest.raises(PartmanRefused, match="create extension pg_partman schema partman"):
        export(conn, ["market.sold"], NOW)
    printed = export_sql(conn, ["market.sold"])
    assert "default_table" in printed
    assert "'{market.sold}'" in printed
    assert "%(" not in printed


# -- from pg_partman -------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_set_that_it_made_becomes_one_of_ours(
    conn: Connection[Any], partman: Partman, interval: Interval
) -> None:
    theirs(conn, partman, "bought", interval, p_premake="5")
    conn.execute("update partman.part_config set retention = '20 years'")
    conn.execute("insert into market.bought values (1, now())")
    adopt(conn, "market.bought")
    assert_whole(conn, "bought", interval, ahead=5)
    assert config(conn, "bought") is None
    policy = conn.execute(
        "select control, partition_interval, premake, retention from ops.partition_policy"
        " where parent_table = 'market.bought'"
    ).fetchone()
    assert policy == ("at", CALLED[interval][0], 5, "20 years")
    assert conn.execute("select count(*) from market.bought").fetchone() == (1,)
    assert conn.execute("select to_regclass('market.bought_default')").fetchone() == (None,)
    assert plan_adoption(conn, "market.bought") == []


def test_adopting_leaves_events_that_name_the_set_and_its_policy(
    conn: Connection[Any], partman: Partman
) -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    theirs(conn, partman, "bought", "month", p_start_partition=f"{first}")
    adopt(conn, "market.bought")
    events = conn.execute(
        "select e.operation, e.table_schema, e.table_name, e.time_from, i.row_key"
        " from audit.events e left join audit.images i using (event_id, occurred_at)"
        " where e.table_name = 'bought' or i.row_key = 'market.bought' order by event_id"
    ).fetchall()
    assert events == [
        ("insert", "ops", "partition_policy", None, "market.bought"),
        ("attach", "market", "bought", first, None),
    ]


def test_names_can_be_kept(conn: Connection[Any], partman: Partman) -> None:
    theirs(conn, partman, "bought", "month")
    before = {part.name for part in members(conn, "market.bought") if not part.is_default}
    adopt(conn, "market.bought", keep_names=True)
    assert {part.name for part in members(conn, "market.bought")} == before


def test_rows_in_the_default_table_stop_it_before_anything_is_changed(
    conn: Connection[Any], partman: Partman
) -> None:
    theirs(conn, partman, "bought", "month")
    conn.execute("insert into market.bought values (1, '1999-01-01')")
    before = members(conn, "market.bought"), config(conn, "bought")
    with pytest.raises(PartmanRefused, match=r"Rows have gone to market\.bought_default"):
        adopt(conn, "market.bought")
    assert (members(conn, "market.bought"), config(conn, "bought")) == before


def test_a_run_that_was_cut_short_is_carried_on(
    database: Target, conn: Connection[Any], partman: Partman
) -> None:
    theirs(conn, partman, "bought", "month")
    third = members(conn, "market.bought")[3].name
    with connect(**database.keywords()) as reader:
        reader.execute(f"select count(*) from market.{third}")
        with pytest.raises(LockNotAvailable):
            adopt(conn, "market.bought")
    assert config(conn, "bought") is None
    left = plan_adoption(conn, "market.bought")
    assert left
    assert "policy" not in " ".join(map(str, left))
    adopt(conn, "market.bought")
    assert_whole(conn, "bought", "month", ahead=4)


def test_a_set_cut_in_another_zone_is_refused(conn: Connection[Any], partman: Partman) -> None:
    conn.execute("set timezone = 'America/New_York'")
    theirs(conn, partman, "bought", "day")
    conn.execute("set timezone = 'UTC'")
    with pytest.raises(PartmanRefused, match=r"not cut by hour, day.* 0[45]:00, .*\) UTC"):
        adopt(conn, "market.bought")


def test_weeks_that_begin_on_another_day_are_refused(
    conn: Connection[Any], partman: Partman
) -> None:
    if partman.shape == "4":
        pytest.skip("4 begins weeks on Monday")
    sunday = {"p_date_trunc_interval": "day", "p_start_partition": "2026-11-01"}
    theirs(conn, partman, "bought", "week", **sunday)
    with pytest.raises(PartmanRefused, match=r"holds \[2026-11-01 00:00, 2026-11-08 00:00\) UTC"):
        adopt(conn, "market.bought")


def test_a_retention_that_is_shorter_than_a_partition_is_refused(
    conn: Connection[Any], partman: Partman
) -> None:
    theirs(conn, partman, "bought", "month")
    conn.execute("update partman.part_config set retention = '1 week'")
    with pytest.raises(PartmanRefused, match="for 1 week, less than one partition of 1 month"):
        adopt(conn, "market.bought")


def test_a_name_that_is_taken_is_told_before_anything_is_renamed(
    conn: Connection[Any], partman: Partman
) -> None:
    theirs(conn, partman, "bought", "month")
    start = floor(NOW, "month")
    if partman.shape == "5":
        pytest.skip("5 names partitions as we do, so no other table can have the name")
    conn.execute(f"create table market.bought_p{start:%Y%m%d} ()")
    with pytest.raises(PartmanRefused, match=f"bought_p{start:%Y%m%d} stands already"):
        adopt(conn, "market.bought")
    assert config(conn, "bought")


def test_a_table_of_somebody_else_is_told_with_the_cure(conn: Connection[Any]) -> None:
    conn.execute("create table market.alien (at timestamptz) partition by range (at)")
    with pytest.raises(PartmanRefused, match=r'alter table "market"\."alien" owner to warehouse_o'):
        adopt(conn, "market.alien")


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (None, "There is no table market.odd"),
        ("(at timestamptz)", "is not partitioned"),
        ("(at timestamptz) partition by range (at)", "no partition that would tell"),
        ("(at date) partition by range (at)", "by range of one timestamptz column"),
        ("(at timestamptz) partition by list (at)", "by range of one timestamptz column"),
        ("(at timestamptz, n int) partition by range (at, n)", "by range of one timestamptz"),
    ],
)
def test_what_cannot_be_one_of_ours_is_refused_with_the_reason(
    conn: Connection[Any], definition: str | None, told: str
) -> None:
    if definition:
        conn.execute(f"create table market.odd {definition}")
        conn.execute("alter table market.odd owner to warehouse_owner")
    with pytest.raises(PartmanRefused, match=told):
        adopt(conn, "market.odd")


@pytest.fixture
def by_hand(conn: Connection[Any]) -> str:
    """A set of two months that somebody made, under names of their own."""
    table(conn, "own")
    for month in (1, 2):
        conn.execute(
            f"create table market.own_{month} partition of market.own"
            f" for values from ('2026-{month:02}-01 00:00+0') to ('2026-{month + 1:02}-01 00:00+0')"
        )
    return "market.own"


def test_a_set_made_by_hand_is_adopted_too(conn: Connection[Any], by_hand: str) -> None:
    adopt(conn, by_hand)
    assert_whole(conn, "own", "month", ahead=0)


@pytest.mark.parametrize("done", [0, 1, 4])
def test_an_adoption_that_is_killed_within_a_step_is_carried_on(
    conn: Connection[Any], by_hand: str, done: int
) -> None:
    assert len(plan_adoption(conn, by_hand)) == 5
    killed = subprocess.run([sys.executable, "-c", KILLED, by_hand, str(done)], check=False)
    assert killed.returncode == -signal.SIGKILL
    others = "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    deadline = time.monotonic() + 20
    while conn.execute(others).rowcount and time.monotonic() < deadline:
        time.sleep(0.02)  # until the server has noticed
    assert len(plan_adoption(conn, by_hand)) == 5 - done
    assert len(adopt(conn, by_hand)) == 5 - done
    assert_whole(conn, "own", "month", ahead=0)


# -- commands --------------------------------------------------------------------------------------


def test_the_commands_say_what_they_do(conn: Connection[Any], partman: Partman) -> None:
    app = typer.Typer()
    partition_partman.register(app)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    theirs(conn, partman, "bought", "month")
    planned = run("adopt", "market.bought", "--dry-run")
    assert "put market.bought under a policy: by at, 1 month, 4 ahead, kept for good" in planned
    assert config(conn, "bought")
    assert run("adopt", "market.bought") == planned
    assert "one of ours already" in run("adopt", "market.bought")
    assert "insert into part_config" in run("export-partman", "market.bought", "--sql")
    assert config(conn, "bought") is None
    assert "partman.run_maintenance()" in run("export-partman", "market.bought")
    assert config(conn, "bought")
