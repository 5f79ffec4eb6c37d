"""A finding is one finding for as long as it is open; people close it, or the data does."""

import json
from datetime import timedelta

import pytest
from psycopg import Connection
from typer.testing import CliRunner

from tests.quality.conftest import MONDAY, Feed, opens
from warehouse.cli import app
from warehouse.ingest.quality.checks import CHECKS, Check, Thresholds
from warehouse.ingest.quality.findings import NotOpen, findings, resolve
from warehouse.ingest.quality.run import Window
from warehouse.ingest.quality.status import feeds, touch_status
from warehouse.models.base import Base
from warehouse.models.ops import QualityCheck, Resolution, Severity
from warehouse.partitions import ensure
from warehouse.sql import query

GAP = QualityCheck.CALENDAR_GAP


@pytest.fixture
def gap(feed: Feed) -> int:
    """The number of the one open finding: a session is missing."""
    feed.days([0, 2])
    feed.run(GAP)
    ((number,),) = feed.open("finding_id")
    return int(number)


def test_what_was_accepted_stays_accepted_until_its_figures_change(feed: Feed, gap: int) -> None:
    resolve(feed.conn, gap, Resolution.ACCEPTED, "a holiday")
    assert feed.run(GAP) == (0, 0, 0)
    feed.days([7])
    assert feed.run(GAP) == (1, 0, 0)  # another gap
    with pytest.raises(NotOpen, match=f"no open finding {gap}"):
        resolve(feed.conn, gap, Resolution.FIXED, None)


def test_a_mended_finding_says_so_and_a_relapse_is_a_new_one(feed: Feed, gap: int) -> None:
    feed.days([1])
    assert feed.run(GAP) == (0, 0, 1)
    (closed,) = findings(feed.conn, resolved=True)
    assert (closed["finding_id"], closed["resolution"]) == (gap, "fixed")
    assert closed["resolution_note"] == "Not found again."
    feed.conn.execute("set role warehouse_maintain")
    feed.conn.execute("delete from market.bars where bar_at = %s", [opens(1)])
    feed.conn.execute("reset role")
    assert feed.run(GAP) == (1, 0, 0)


def test_findings_are_listed_from_a_severity_on(feed: Feed, gap: int) -> None:
    assert [one["finding_id"] for one in findings(feed.conn, Severity.WARNING)] == [gap]
    assert findings(feed.conn, Severity.ERROR) == []
    assert findings(feed.conn, checks=[QualityCheck.STALE]) == []


def test_a_window_is_whole_days() -> None:
    window = Window.covering(opens(0), opens(2))
    assert window == Window(MONDAY, MONDAY + timedelta(days=3))
    assert Window.covering(None, MONDAY) == Window(MONDAY - timedelta(days=7), MONDAY)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_reads_no_more_than_its_window_and_reach(feed: Feed, check: Check) -> None:
    old = MONDAY - timedelta(days=70)
    for table in ("market.bars", "market.option_quotes", "trading.trades"):
        ensure(feed.conn, Base.metadata.tables[table], old, old + timedelta(days=1))
    told = {"since": MONDAY, "until": MONDAY + timedelta(days=7)} | Thresholds().parameters()
    with feed.conn.transaction():
        feed.conn.execute(query("quality/make_found"))
        plan = feed.conn.execute("explain " + query(check.query), told).fetchall()
    assert not [line for (line,) in plan if "_p2025" in line]


# -- how far feeds have come -----------------------------------------------------------------------


def test_a_feed_has_come_as_far_as_its_bars(feed: Feed) -> None:
    feed.days([2, 3])
    feed.days([1, 2], source=2)
    feed.days([0, 1])
    told = [(one["source"], one["first_at"], one["last_at"]) for one in feeds(feed.conn, ["AAA"])]
    assert told == [("other", opens(1), opens(2)), ("tape", opens(0), opens(3))]
    assert touch_status(feed.conn) == 0


# -- the command -----------------------------------------------------------------------------------


def quality(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["quality", *words])
    return done.exit_code, done.output


def test_the_command_tells_what_is_wrong(feed: Feed) -> None:
    feed.days([0, 2])
    window = ("--since", "2026-03-02", "--until", "2026-03-05")
    code, output = quality("run", *window, "--check", "calendar_gap", "--json")
    assert (code, json.loads(output)) == (
        0, [{"check_name": "calendar_gap", "new": 1, "known": 0, "fixed": 0}],
    )  # fmt: skip
    assert quality("run", *window, "--fail-on", "warning")[0] == 1
    (found,) = json.loads(quality("list", "--json")[1])
    assert (found["symbol"], found["source"], found["severity"]) == ("AAA", "tape", "warning")
    assert quality("accept", str(found["finding_id"]), "--note", "a holiday") == (
        0, f"Finding {found['finding_id']} is closed: accepted.\n",
    )  # fmt: skip
    assert quality("list") == (0, "Nothing is wrong.\n")
    assert quality("run", *window, "--fail-on", "warning")[0] == 0
    assert json.loads(quality("status", "AAA", "--json")[1])[0]["frequency"] == "1d"


def test_the_writers_may_run_the_checks(feed: Feed) -> None:
    conn: Connection[object] = feed.conn
    feed.days([0, 2])
    conn.execute("set role warehouse_write")
    assert feed.run(GAP) == (1, 0, 0)
    assert all(feed.run(check) is not None for check in QualityCheck)
