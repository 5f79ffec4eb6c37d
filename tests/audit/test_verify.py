"""Verification does not cry wolf over what was archived, and its commands tell schedulers the truth."""

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from psycopg import Connection

from tests.audit.sealing import book, check, history, seal_all, tamper, told
from warehouse.audit.findings import Retired, What
from warehouse.audit.seal import Limits
from warehouse.cli import main
from warehouse.db.target import Target
from warehouse.partitions.archive import archive, restore
from warehouse.partitions.hand import steps_to_detach, steps_to_drop
from warehouse.partitions.lock import Patience
from warehouse.partitions.run import run_steps

TRADES, JANUARY = "trading.trades", "trades_p20260101"
FEBRUARY = "'2026-02-05 14:30+00'"


class Ran(NamedTuple):
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def warehouse(*words: str) -> Ran:
    """A command in this process: a new one takes a second to import what this has already."""
    out, err, code = StringIO(), StringIO(), 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["warehouse", "audit", *words]),
    ):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def retire(conn: Connection[Any], folder: Path) -> int:
    """Archive January's trades and drop them; the archive."""
    kept = archive(conn, TRADES, JANUARY, folder.as_uri())
    for steps in (steps_to_detach, steps_to_drop):
        outcome = run_steps(conn, steps(conn, TRADES, JANUARY), Patience())
        assert outcome.failed == []
    return kept.archive_id


# -- archives --------------------------------------------------------------------------------------


def test_rows_that_were_archived_and_dropped_are_counted_and_come_back(
    conn: Connection[Any], database: Target, tmp_path: Path
) -> None:
    history(conn)
    seal_all(conn)
    before = check(database)
    archive_id = retire(conn, tmp_path)
    seal_all(conn)
    retired = check(database)
    assert told(retired.findings) == ""
    assert (retired.archived_rows, retired.rows) == (7, before.rows - 7)
    restore(conn, archive_id)
    seal_all(conn)
    restored = check(database)
    assert told(restored.findings) == ""
    assert (restored.archived_rows, restored.rows) == (0, before.rows)


def test_a_row_that_was_deleted_beside_an_archive_is_found(
    conn: Connection[Any], database: Target, tmp_path: Path
) -> None:
    history(conn)
    conn.execute(
        "insert into trading.trades (account_id, executed_at, trade_id, instrument_id, side, quantity,"
        f" price, source_id) values (1, {FEBRUARY}, 900, 1, 'buy', 1, 1, 1)"
    )
    seal_all(conn)
    retire(conn, tmp_path)
    tamper(conn, "delete from trading.trades where trade_id = 900")
    (finding,) = check(database).findings
    assert (finding.what, finding.table) == (What.ROWS, TRADES)


def test_events_that_were_archived_are_counted(conn: Connection[Any], database: Target) -> None:
    """Known by their leaves; what is missing from a time that nobody retired is found."""
    history(conn)
    seal_all(conn, limits=Limits(events=5))
    row = conn.execute(
        "select min(first_occurred_at), max(last_occurred_at) from audit.seals"
    ).fetchone()
    assert row
    tamper(
        conn,
        "delete from audit.events where event_id in"
        " (select unnest(event_ids[1:2]) from audit.seals where seal_id = 1)",
    )
    assert {each.what for each in check(database).findings} == {What.MISSING}
    conn.execute(
        "select audit.record_event('audit', 'events', 'detach', 0, %s, %s)",
        [row[0], row[0] + timedelta(microseconds=1)],
    )
    report = check(database)
    assert (told(report.findings), report.archived_events) == ("", 2)


def test_what_was_taken_out_is_a_half_open_range() -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    retired = Retired.of([("a.b", days[1], days[2])])
    assert retired.reach("a.b", days[0], days[3])
    assert retired.reach("a.b", None, None)
    assert not retired.reach("a.b", days[2], days[3])
    assert not retired.reach("a.b", days[0], days[1])
    assert not retired.reach("a.c", days[0], days[3])


# -- commands --------------------------------------------------------------------------------------


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Target) -> Path:
    """A key of the test's own, and a file that heads are published to."""
    monkeypatch.setenv("WAREHOUSE_HOME", str(tmp_path / "home"))
    heads = tmp_path / "heads.jsonl"
    monkeypatch.setenv("WAREHOUSE_AUDIT_PUBLISH_FILE", str(heads))
    return heads


def test_the_commands_from_the_first_key_to_a_proof(
    conn: Connection[Any], keyed: Path, tmp_path: Path
) -> None:
    history(conn)
    without = warehouse("seal")
    assert (without.returncode, without.stdout) == (1, "")
    assert "There is no key to sign with, and nothing was sealed" in without.stderr
    assert warehouse("keys", "create").returncode == 0
    waiting = json.loads(warehouse("seals", "--json").stdout)
    assert waiting["seals"] == []
    sealed = warehouse("seal")
    assert sealed.returncode == 0, sealed.stderr
    assert f"seal 1: {waiting['waiting']['events']} events" in sealed.stdout
    assert warehouse("seal").stdout == "Nothing waits to be sealed.\n"
    assert len(keyed.read_text().splitlines()) == 1
    verified = warehouse("verify")
    assert verified.returncode == 0, verified.stderr
    assert "All is as sealed." in verified.stdout
    proof, key, bundle = (tmp_path / name for name in ("proof.json", "key.pem", "bundle.jsonl.gz"))
    proof.write_text(warehouse("prove", "--trade", "1:2026-01-05T14:30:02Z:202").stdout)
    key.write_text(warehouse("keys", "public").stdout)
    assert warehouse("export", "--out", str(bundle), "--rows").returncode == 0
    for file in (proof, bundle):
        command = [sys.executable, "-m", "warehouse.audit.offline", str(file), "--key", str(key)]
        offline = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (offline.returncode, offline.stderr) == (0, "")
        assert "holds: " in offline.stdout


def test_trouble_is_told_and_ends_with_one(conn: Connection[Any], keyed: Path) -> None:
    events = history(conn)
    warehouse("keys", "create")
    warehouse("seal")
    hasty = book(conn, 500)
    tamper(
        conn,
        "update trading.trades set price = 1 where trade_id = 100",
        "update trading.trades set price = 1 where trade_id = 500",
    )
    sealed = warehouse("seal")
    assert sealed.returncode == 1
    assert f"error: event {hasty} wrote other rows of trading.trades" in sealed.stderr
    verified = warehouse("verify", "--json")
    assert verified.returncode == 1
    assert "1/2026-01-05 14:30:00+00/100" in verified.stderr
    findings = json.loads(verified.stdout)["findings"]
    assert [(each["what"], each["event_id"]) for each in findings] == [
        ("rows", events["one"]),
        ("doubt", hasty),
    ]
    tamper(conn, "delete from audit.seals where seal_id = 2")
    assert "seal 2 was published" in warehouse("verify").stderr
    for words in (
        ("prove", "--event", "99999999"),
        ("prove", "--between", "1", "9"),
        ("verify", "--published", "/nowhere/heads"),
        ("verify", "--key", "/nowhere/key.pem"),
        ("keys", "create"),
    ):
        failed = warehouse(*words)
        assert (failed.returncode, failed.stderr[:7]) == (1, "error: "), words
    for wrong in (["prove"], ["prove", "--trade", "x"], ["prove", "--event", "1", "--trade", "x"]):
        assert warehouse(*wrong).returncode == 2, wrong


def test_following_seals_what_comes_and_ends_when_told(conn: Connection[Any], keyed: Path) -> None:
    warehouse("keys", "create")
    command = [sys.executable, "-m", "warehouse", "audit", "seal", "--follow", "--every", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sealer:
        assert sealer.stdout
        assert "seal 1: " in sealer.stdout.readline()
        book(conn, 1, 3)
        assert "seal 2: 1 events, 3 rows. Waiting: 0 events" in sealer.stdout.readline()
        sealer.terminate()
        assert sealer.wait(30) == 0
