"""A bundle is checked by a program that knows no database, and any change of it shows."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.audit.sealing import KEY, OTHER, history, seal_all, tamper, trusting
from tests.server import CHECKOUT
from warehouse.audit.errors import NotSealed
from warehouse.audit.export import export
from warehouse.audit.keys import public_pem
from warehouse.audit.offline import Wrong, check
from warehouse.audit.prove import prove_row
from warehouse.audit.seal import Limits
from warehouse.audit.seals import read_span
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target

Pages = list[dict[str, Any]]
# What must not be needed where a proof is checked.
FOREIGN = (
    "psycopg",
    "sqlalchemy",
    "pydantic",
    "numpy",
    "typer",
    "warehouse.settings",
    "warehouse.db",
)
ALONE = f"""
import runpy, sys
sys.argv = ["offline", *sys.argv[1:]]
try:
    runpy.run_module("warehouse.audit.offline", run_name="__main__")
finally:
    print(sorted(set(sys.modules) & set({FOREIGN})), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def sealed(server: Target, template: str) -> Iterator[Connection[Any]]:
    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        history(conn)
        seal_all(conn, limits=Limits(events=3))
        yield conn


@pytest.fixture
def bundle(sealed: Connection[Any], tmp_path: Path) -> Path:
    path = tmp_path / "bundle.jsonl"
    export(sealed, path, rows=True)
    return path


def said(path: Path) -> list[str]:
    return list(check(path, trusting(KEY)))


def rewritten(path: Path, change: Callable[[Pages], object]) -> Path:
    pages = [json.loads(line) for line in path.read_text().splitlines()]
    change(pages)
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    return path


def first(pages: Pages, kind: str) -> int:
    return next(number for number, page in enumerate(pages) if kind in page)


def test_a_bundle_is_recomputed_without_a_database(
    sealed: Connection[Any], bundle: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_text(public_pem(KEY.public_key()))
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(bundle), "--key", str(key)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
    _, newest = read_span(sealed, None)
    told, holds = done.stdout.splitlines()
    assert told.startswith(f"{newest} seals, ")
    rows = sealed.execute(
        "select (select count(*) from trading.trades) + (select count(*) from market.bars)"
        " + 2 * (select count(*) from audit.images where before ? 'event_id')"
        " + (select count(*) from audit.images where not coalesce(before ? 'event_id', false))"
    ).fetchone()
    assert rows
    assert told.endswith(f" {rows[0]} rows and images recomputed")
    assert holds.startswith(f"holds: up to head {newest} ")


def test_the_command_says_what_is_wrong_and_fails(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(public_pem(OTHER.public_key()))
    for file, told in ((bundle, "does not hold: head 1 is signed"), (tmp_path / "no", "cannot be")):
        done = subprocess.run(
            [sys.executable, "-m", "warehouse.audit.offline", str(file), "--key", str(other)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert told in done.stderr


def test_a_bundle_may_begin_later_and_be_compressed(
    sealed: Connection[Any], bundle: Path, tmp_path: Path
) -> None:
    path = tmp_path / "late.jsonl.gz"
    row = sealed.execute("select max(last_occurred_at) from audit.seals").fetchone()
    assert row
    seals = export(sealed, path, since=row[0])
    assert 0 < seals < read_span(sealed, None)[1]
    told, untold, _ = said(path)
    assert told.startswith(f"{seals} seals, ")
    assert "events are told without their rows" in untold
    with gzip.open(path, "rt") as file:
        assert json.loads(file.readline())["after"]
    with pytest.raises(NotSealed, match="nothing was written"):
        export(sealed, path, since=row[0].replace(year=2100))


def test_a_proof_is_a_file_that_is_checked_alike(sealed: Connection[Any], tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    page = prove_row(sealed, "trading.trades", ("1", "2026-01-05T14:30:02Z", "202"))
    path.write_text(json.dumps(page, indent=2))
    assert len(said(path)) == 3
    path.write_text(json.dumps({"tapehouse": "poem"}))
    with pytest.raises(Wrong, match="no proof or bundle"):
        said(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda pages: pages.pop(), "cut off"),
        (lambda pages: pages.pop(first(pages, "row")), "the rows of event"),
        (lambda pages: pages.pop(first(pages, "image")), "the rows of event"),
        (lambda pages: pages[first(pages, "event")]["event"].update(leaf="00" * 32), "is not what"),
        (lambda pages: pages[first(pages, "event")]["event"].update(event_id=7), "is another one"),
        (lambda pages: pages.pop(first(pages, "seal")), "cut off"),
        (lambda pages: pages[1]["seal"]["batch"].update(leaf_count=2), "is of another batch"),
        (lambda pages: pages[1]["seal"]["head"].update(tree_size=9), "bears a signature"),
    ],
)
def test_a_bundle_that_was_changed_does_not_hold(
    bundle: Path, change: Callable[[Pages], object], told: str
) -> None:
    with pytest.raises(Wrong, match=told):
        said(rewritten(bundle, change))


def test_a_seal_that_was_left_out_of_a_bundle_shows(bundle: Path) -> None:
    def without_second(pages: Pages) -> None:
        seals = [number for number, page in enumerate(pages) if "seal" in page]
        del pages[seals[1] : seals[2]]
        pages[-1]["end"] -= 1

    with pytest.raises(Wrong, match="seal 3 is out of order"):
        said(rewritten(bundle, without_second))


def test_an_event_that_is_gone_is_still_known_by_its_leaf(
    sealed: Connection[Any], tmp_path: Path
) -> None:
    path = tmp_path / "bundle.jsonl"
    with sealed.transaction(force_rollback=True):
        tamper(
            sealed,
            "delete from audit.events where event_id = (select max(event_id) from audit.events)",
        )
        export(sealed, path)
    assert any("1 events are known by their hash alone" in each for each in said(path))
