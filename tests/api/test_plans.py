"""`warehouse bench plans` can ask for every report and judge what it is told."""

from typing import Any

from psycopg import Connection

from api.routes.nouns import REPORTS
from bench.plans import explained


def test_every_report_is_explained_planned_for_its_values_and_for_all(
    world: None, conn: Connection[Any]
) -> None:
    found = list(explained(conn))
    for report in REPORTS:
        own = [each for each in found if each.name.startswith(f"report {report.name} ")]
        assert {each.name.rpartition(", ")[2] for each in own} == {"custom plan", "generic plan"}
        assert all(each.plans for each in own), report.name
    # Of a handful of rows only time can be judged.
    faults = [fault for each in found for fault in each.faults]
    assert all("without a row of the time asked for" in fault for fault in faults), faults


def test_nothing_is_left_of_the_look(world: None, conn: Connection[Any]) -> None:
    before = conn.execute("select count(*) from ops.api_keys").fetchone()
    list(explained(conn))
    assert conn.execute("select count(*) from ops.api_keys").fetchone() == before
