"""An analyst needs dbt and libpq's variables, and works beside production, never in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg import connect

from warehouse.db.target import Target
from warehouse.refresh.build import build

pytestmark = pytest.mark.slow

Relations = set[tuple[str, str, int]]


def dbt(target: Target, project: Path, *arguments: str, schema: str = "dev_ann") -> tuple[int, str]:
    """dbt as it is installed, run in the project's folder."""
    done = subprocess.run(
        [Path(sys.executable).parent / "dbt", "--no-use-colors", *arguments],
        cwd=project,
        env=os.environ | target.environment() | {"DBT_SCHEMA": schema},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def relations(target: Target) -> Relations:
    with connect(**target.keywords()) as conn:
        return set(
            conn.execute(
                "select n.nspname, c.relname, c.oid::bigint from pg_class c"
                " join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname !~ '^(pg_|information_schema$)'"
            )
        )


def test_a_build_in_dev_stays_in_the_analysts_schemas(desk: Target, project: Path) -> None:
    build(desk, ["--select", "+portfolio_concentration", "+positions_daily"], project=project)
    before = relations(desk)
    code, output = dbt(desk, project, "build")
    assert code == 0, output
    made = relations(desk)
    assert before <= made
    assert {schema for schema, _, _ in made - before} == {
        "dev_ann_staging",
        "dev_ann_intermediate",
        "dev_ann_rollups",
        "dev_ann_marts",
    }
    with connect(**desk.keywords()) as conn:
        row = conn.execute("select count(*) from dev_ann_marts.portfolio_positions").fetchone()
    assert row == (4,)


@pytest.mark.parametrize("schema", ["marts", "trading"])
def test_a_schema_of_production_is_refused(desk: Target, project: Path, schema: str) -> None:
    before = relations(desk)
    code, output = dbt(desk, project, "build", schema=schema)
    assert code == 2
    assert f"DBT_SCHEMA is {schema}, which belongs to production." in output
    assert relations(desk) == before


@pytest.mark.parametrize(
    ("as_of", "outcome"),
    [("2026-01-10", "PASS"), ("2026-03-01", "ERROR STALE")],
)
def test_freshness_is_judged_as_of_a_day(
    desk: Target, project: Path, as_of: str, outcome: str
) -> None:
    arguments = ["source", "freshness", "--select", "source:reference.daily_marks"]
    _, output = dbt(desk, project, *arguments, "--vars", f"as_of: {as_of}")
    assert f"{outcome} freshness of reference.daily_marks" in output
