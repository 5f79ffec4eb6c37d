"""The commands say what they did, and what is wrong in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection
from typer.testing import CliRunner

from tests.partitions.archive.conftest import PARTITION, SIGNALS, differing
from tests.partitions.archive.test_restore import Aside
from warehouse.cli import app
from warehouse.partitions.archive.errors import ArchiveError

NAMED = ("trading.signals", "signals_p20260101")


def run(*words: str) -> Any:
    ended = CliRunner().invoke(app, ["partitions", *words, "--json"], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def test_a_partition_goes_and_comes_by_command(
    conn: Connection[Any], tmp_path: Path, keep_aside: Aside
) -> None:
    (made,) = run("archive", *NAMED, "--to", str(tmp_path))
    assert (made["state"], made["rows"], made["partition"]) == ("verified", 3000, PARTITION)
    assert list(tmp_path.rglob("_manifest.json"))
    number = str(made["archive"])
    assert run("verify", number)[0]["state"] == "verified"
    keep_aside(SIGNALS, PARTITION)
    assert run("restore", number)[0]["state"] == "restored"
    assert [each["archive"] for each in run("archives", SIGNALS)] == [made["archive"]]
    assert run("archives", "market.bars") == []


def test_a_dry_run_writes_nothing(conn: Connection[Any], tmp_path: Path) -> None:
    (told,) = run("archive", *NAMED, "--to", str(tmp_path), "--dry-run")
    assert told["partition"] == "signals_p20260101"
    assert not list(tmp_path.iterdir())
    assert conn.execute("select count(*) from ops.archives").fetchone() == (0,)


def test_what_is_due_is_archived_without_being_named(conn: Connection[Any], tmp_path: Path) -> None:
    assert run("archive", "--due", "--to", str(tmp_path)) == []
    conn.execute(
        "update ops.partition_policy set retention = '1 month' where parent_table = %s", [SIGNALS]
    )
    assert [each["partition"] for each in run("archive", "--due", "--to", str(tmp_path))] == [
        PARTITION
    ]
    assert run("archive", "--due", "--to", str(tmp_path)) == []


@pytest.mark.parametrize("place", ["memory://cold/archives", "file://{}/cold", "{}/cold"])
def test_where_archives_go_is_a_setting(
    conn: Connection[Any],
    tmp_path: Path,
    keep_aside: Aside,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    place = place.format(tmp_path)
    monkeypatch.setenv("WAREHOUSE_ARCHIVES", place)
    (made,) = run("archive", *NAMED)
    assert made["location"].startswith(f"{place}/{SIGNALS}/signals_p20260101/")
    original = keep_aside(SIGNALS, PARTITION)
    assert run("restore", str(made["archive"]))[0]["state"] == "restored"
    assert differing(conn, PARTITION, original) == 0


def test_a_store_that_is_not_there_is_told_in_a_sentence(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_ARCHIVES", "nowhere://bucket")
    with pytest.raises(
        ArchiveError, match="nowhere://bucket.* cannot be reached.*Nothing was written"
    ):
        run("archive", *NAMED)


def test_half_a_name_is_wrong_usage(conn: Connection[Any]) -> None:
    ended = CliRunner().invoke(app, ["partitions", "archive", "trading.signals"])
    assert ended.exit_code == 2
