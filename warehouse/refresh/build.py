"""Runs dbt in this process, and says which model failed and why."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from warehouse.db.target import Target
from warehouse.errors import WarehouseError
from warehouse.settings import PROJECT


class BuildError(WarehouseError):
    """A model failed; the marts that stood before it go on serving."""


@dataclass(frozen=True)
class Node:
    """One model, seed or test that dbt ran."""

    name: str
    status: str
    seconds: float
    message: str | None


def build(
    target: Target, arguments: Sequence[str] = (), done: Callable[[Node], None] = lambda _: None
) -> list[Node]:
    """`dbt build` against the target, in production's schemas; fails with the first failure."""
    nodes = run_dbt(target, ["build", *arguments])
    for node in nodes:
        done(node)
    failed = [node for node in nodes if node.status in ("error", "fail", "runtime error")]
    if failed:
        first = failed[0]
        raise BuildError(
            f"{len(failed)} of {len(nodes)} failed; the first is {first.name}: "
            f"{' '.join((first.message or first.status).split())}. What stood before goes on serving; "
            "mend the model and run `warehouse build` again."
        )
    return nodes


def run_dbt(target: Target, arguments: Sequence[str]) -> list[Node]:
    from dbt.cli.main import dbtRunner  # a second to import, and only this needs it

    folders = ["--project-dir", str(PROJECT / "dbt"), "--profiles-dir", str(PROJECT / "dbt")]
    with _environment(target):
        outcome = dbtRunner().invoke([*arguments, *folders, "--target", "prod", "--quiet"])
    if outcome.exception:
        raise BuildError(f"dbt could not start: {outcome.exception}") from outcome.exception
    return [_node(result) for result in getattr(outcome.result, "results", [])]


def _node(result: Any) -> Node:
    return Node(result.node.name, str(result.status), result.execution_time, result.message)


@contextmanager
def _environment(target: Target) -> Iterator[None]:
    """dbt's profile reads libpq's variables."""
    before = dict(os.environ)
    os.environ.update(target.environment(), DBT_SEND_ANONYMOUS_USAGE_STATS="false")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
