"""Runs dbt in this process, where anything changed, and says which model failed and why."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, connect

from warehouse.db.migrations import MIGRATION_LOCK
from warehouse.db.target import Target
from warehouse.errors import BusyError, WarehouseError
from warehouse.refresh.inputs import read_inputs, remember
from warehouse.settings import PROJECT, StateSettings
from warehouse.sql import query

DBT_PROJECT = PROJECT / "dbt"
FAILED = ("error", "fail", "runtime error", "partial success")
EXPLAINED = 3  # further failures are mostly the same one again


class BuildError(WarehouseError):
    """A model failed; the marts that stood before it go on serving."""


@dataclass(frozen=True)
class Node:
    """One model, seed or test that dbt ran."""

    name: str
    status: str
    seconds: float
    message: str | None

    def __str__(self) -> str:
        """Its name and the first line of what is wrong; the heading that dbt puts before it says less."""
        lines = [line.strip() for line in (self.message or "").splitlines() if line.strip()]
        if len(lines) > 1 and re.match(r"\w+ Error in ", lines[0]):
            lines = lines[1:]
        return f"{self.name}: {lines[0] if lines else self.status}"


def build_if_changed(target: Target, project: Path = DBT_PROJECT) -> list[Node]:
    """Build what the marts lack; nothing, at once, where neither the project nor the data changed."""
    with connect(**target.keywords()) as conn:
        inputs = read_inputs(conn, project)
    if not inputs.changed:
        return []
    nodes = build(target, project=project)
    with connect(**target.keywords()) as conn:
        remember(conn, inputs)
    return nodes


def build(
    target: Target,
    arguments: Sequence[str] = (),
    done: Callable[[Node], None] = lambda _: None,
    project: Path = DBT_PROJECT,
) -> list[Node]:
    """`dbt build` against the target, in production's schemas; fails if any model or test does."""
    # Unit tests judge the code, whatever the data: they run where the code is tested.
    command = ["build", "--target", "prod", "--exclude-resource-type", "unit_test"]
    with connect(**target.keywords(), autocommit=True) as conn:
        _refuse_beside_migration(conn)
        nodes = run_dbt(target, [*command, *arguments], project, done)
        conn.execute(query("refresh/forget_gone"))
    if failed := [node for node in nodes if node.status in FAILED]:
        raise BuildError(
            f"{len(failed)} of {len(nodes)} failed. {'; '.join(map(str, failed[:EXPLAINED]))}. "
            "What stood before goes on serving; mend the model and run `warehouse build` again."
        )
    return nodes


def plan(target: Target, arguments: Sequence[str] = (), project: Path = DBT_PROJECT) -> list[str]:
    """What a build would run, by name; nothing is run."""
    command = ["list", "--target", "prod", "--output", "name"]
    for kind in ("exposure", "source", "unit_test"):
        command += ["--exclude-resource-type", kind]
    return sorted(_invoke(target, [*command, *arguments], project) or [])


def run_dbt(
    target: Target,
    arguments: Sequence[str],
    project: Path = DBT_PROJECT,
    done: Callable[[Node], None] = lambda _: None,
) -> list[Node]:
    """Run a dbt command that runs nodes; each is told as it ends."""

    def tell(event: Any) -> None:
        if event.info.name == "NodeFinished":
            ran, result = event.data.node_info, event.data.run_result
            done(Node(ran.node_name, ran.node_status, result.execution_time, result.message))

    results = getattr(_invoke(target, arguments, project, tell), "results", [])
    return [_node(result) for result in results if result.status != "no-op"]


def _refuse_beside_migration(conn: Connection[Any]) -> None:
    row = conn.execute(query("refresh/hold_migration_lock"), {"key": MIGRATION_LOCK}).fetchone()
    if row != (True,):
        raise BusyError(
            "A migration is under way. Nothing was built; run `warehouse build` when it has ended."
        )


def _invoke(
    target: Target,
    arguments: Sequence[str],
    project: Path,
    tell: Callable[[Any], None] = lambda _: None,
) -> Any:
    """Run dbt in this process; what it writes goes to the state's folder, for the project may be read-only."""
    from dbt.cli.main import dbtRunner  # a second to import, and only this needs it

    written = StateSettings().home.absolute() / "dbt"
    places = {
        "--project-dir": project,
        "--profiles-dir": project,
        "--target-path": written / "target",
        "--log-path": written / "logs",
    }
    options = [word for option, place in places.items() for word in (option, str(place))]
    with _environment(target):
        outcome = dbtRunner(callbacks=[tell]).invoke([*arguments, *options, "--log-level", "none"])
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    if outcome.exception:
        raise BuildError(_why_not_started(outcome.exception)) from outcome.exception
    return outcome.result


def _why_not_started(error: BaseException) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    step = " Run `warehouse roles ensure` as an administrator." if "permission" in said else ""
    return f"dbt could not start: {said}. What stood before goes on serving.{step}"


def _node(result: Any) -> Node:
    return Node(result.node.name, str(result.status), result.execution_time, result.message)


@contextmanager
def _environment(target: Target) -> Iterator[None]:
    """dbt's profile reads libpq's variables."""
    before = dict(os.environ)
    os.environ.update(target.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
