"""A build runs when something it reads has changed, and otherwise not at all."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from psycopg import connect

from warehouse.db.target import Target
from warehouse.refresh import build as build_module
from warehouse.refresh.build import BuildError, Node, build_if_changed

RECORD = (
    "select audit.record_event('trading', 'positions', %s, 1,"
    " account_ids => '{1}', instrument_ids => '{1}')"
)


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The status that dbt's only node ends with; dbt itself is no part of the claim."""
    status = ["success"]

    def run_dbt(
        target: Target, arguments: Sequence[str], project: Path, done: object
    ) -> list[Node]:
        return [Node("mart", status[0], 0.0, "Database Error in model mart\n  out of memory")]

    monkeypatch.setattr(build_module, "run_dbt", run_dbt)
    return status


@pytest.fixture
def built(desk: Target, project: Path, outcome: list[str]) -> Target:
    assert build_if_changed(desk, project)
    assert not build_if_changed(desk, project)
    return desk


def test_rows_that_were_written_are_built(built: Target, project: Path) -> None:
    with connect(**built.keywords()) as conn:
        conn.execute(RECORD, ["update"])
    assert build_if_changed(built, project)
    assert not build_if_changed(built, project)


def test_rows_of_a_slow_writer_are_built_once_they_are_committed(
    built: Target, project: Path
) -> None:
    with connect(**built.keywords()) as slow, connect(**built.keywords()) as quick:
        slow.execute(RECORD, ["insert"])
        quick.execute(RECORD, ["insert"])
        quick.commit()
        assert build_if_changed(built, project)
        assert not build_if_changed(built, project)
        slow.commit()
    assert build_if_changed(built, project)


def test_moved_storage_and_refreshes_are_no_reason_to_build(built: Target, project: Path) -> None:
    with connect(**built.keywords()) as conn:
        conn.execute(RECORD, ["attach"])
        conn.execute(RECORD, ["refresh"])
    assert not build_if_changed(built, project)


@pytest.mark.parametrize(
    "statement",
    [
        "update reference.daily_marks set close = 1, updated_at = now() where instrument_id = 2",
        "insert into reference.trading_days values ('XNYS', '2026-01-05', '2026-01-05', '2026-01-06')",
        "delete from reference.fx_rates",
    ],
)
def test_reference_data_is_built(built: Target, project: Path, statement: str) -> None:
    with connect(**built.keywords()) as conn:
        conn.execute(statement.encode())
    assert build_if_changed(built, project)
    assert not build_if_changed(built, project)


def test_a_changed_project_is_built_and_its_old_version_too(built: Target, project: Path) -> None:
    model = project / "models" / "marts" / "portfolio" / "portfolio_positions.sql"
    before = model.read_text()
    model.write_text(before.replace("select * from final", "select * from final where true"))
    assert build_if_changed(built, project)
    model.write_text(before)
    assert build_if_changed(built, project)
    (project / "target").mkdir()
    (project / "target" / "manifest.json").write_text("{}")
    assert not build_if_changed(built, project)


def test_a_build_that_failed_is_tried_again(
    built: Target, project: Path, outcome: list[str]
) -> None:
    with connect(**built.keywords()) as conn:
        conn.execute(RECORD, ["delete"])
    outcome[0] = "error"
    with pytest.raises(BuildError, match=r"1 of 1 failed\. mart: out of memory\. What stood"):
        build_if_changed(built, project)
    outcome[0] = "success"
    assert build_if_changed(built, project)
