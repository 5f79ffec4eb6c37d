"""`warehouse bench`: every figure that is claimed, measured anew beside its baseline.

What is measured is in bench/, beside the checkout; an installed wheel has none of it.
"""

import json
import sys
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from psycopg import connect

from warehouse.cli.output import DryRun, Json, complain, emit, lines, table
from warehouse.db.target import primary
from warehouse.errors import WarehouseError
from warehouse.settings import CHECKOUT, StateSettings

SECONDS_BETWEEN_LINES = 5.0

app = typer.Typer(help="Measure every figure that is claimed, beside its baseline.")


class ScaleName(StrEnum):
    """Minutes, or a night."""

    SMALL = "small"
    LARGE = "large"


class NoBench(WarehouseError):
    """The measurements are not installed; nothing was measured. Run this in a checkout of the source."""


Only = Annotated[
    list[str] | None,
    typer.Option(help="A workload, or how several begin; may be given more than once."),
]
Size = Annotated[ScaleName, typer.Option(help="small takes minutes, large a night.")]
To = Annotated[
    list[Path] | None,
    typer.Option(help="Write it there too, by the ending: .md, .html or .json."),
]


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    only: Only = None,
    scale: Size = ScaleName.SMALL,
    report: To = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Measure on a server of its own, and print ours, the baseline and the ratio.

    Exits with 1 if a workload could not be measured; a missed target is told, and is no failure.

    Example: warehouse bench --only ingest --report ingest.html
    """
    if context.invoked_subcommand:
        return
    require_bench()
    from bench import page
    from bench import report as told
    from bench.measure import Scale
    from bench.suite import run
    from bench.workloads import WORKLOADS, chosen

    forms = {".md": told.document, ".html": page.html, ".json": told.records}
    for path in report or []:
        _require_writable(path, forms)
    names = chosen(only or [])
    if dry_run:
        emit([{"workload": n, "answers": WORKLOADS[n]} for n in names], as_json, table)
        return
    tell = progress()
    for found in run(StateSettings().home / "bench", names, Scale(scale), tell):
        tell(found.sections[-1].told, lasting=True)
        for path in report or []:
            path.write_text(forms[path.suffix](found), encoding="utf-8")
    print((told.records if as_json else told.document)(found))
    if any(section.failure for section in found.sections):
        raise typer.Exit(1)


@app.command()
def plans(
    here: Annotated[
        bool, typer.Option("--here", help="Of the warehouse in force, not of demo data.")
    ] = False,
    scale: Size = ScaleName.SMALL,
    as_json: Json = False,
) -> None:
    """Run every report and mart, print its plan, and exit with 1 if one does what none should.

    That is to scan a fact from end to end, to read a partition in vain, to spill, or to expect a
    hundredth or a hundredfold of the rows there are, and is not known to be right. Each is rolled
    back; it takes an administrator.

    Example: warehouse bench plans --here
    """
    require_bench()
    from bench.demo import served_demo
    from bench.measure import Scale
    from bench.plan_rules import lines as drawn
    from bench.plans import explained

    home = StateSettings().home / "bench"
    with (
        nullcontext(primary()) if here else served_demo(home, Scale(scale), progress()) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        found = list(explained(conn))
    if as_json:
        rows = [{"name": e.name, "ms": e.milliseconds, "faults": e.faults} for e in found]
        print(json.dumps(rows, indent=2))
    else:
        for each in found:
            lines([f"\n{each.name}: {each.milliseconds:.1f} ms"])
            lines(line for plan in each.plans for line in drawn(plan, 1))
    for each in found:
        for fault in each.faults:
            if each.known:
                print(f"known: {each.name}: {fault}; {each.known}", file=sys.stderr)
            else:
                complain(f"{each.name}: {fault}")
    if any(each.faults and not each.known for each in found):
        raise typer.Exit(1)


def _require_writable(path: Path, forms: Collection[str]) -> None:
    """Before anything is measured: a night's figures must not be lost to a wrong name."""
    if path.suffix not in forms:
        raise typer.BadParameter(f"{path} ends in none of {', '.join(forms)}")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"{path.parent} is no folder")


def require_bench() -> None:
    """Make bench/ importable, or say that it is not there."""
    if not (CHECKOUT / "bench" / "measure.py").is_file():
        raise NoBench
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))


def progress() -> Callable[..., None]:
    """Tell on the error stream, for the result goes to the other: the line in place on a terminal."""
    last = 0.0

    def tell(text: str, *, lasting: bool = False) -> None:
        nonlocal last
        if sys.stderr.isatty():
            end = "\n" if lasting else "\r"
            print(f"\r\033[K{text}", end=end, file=sys.stderr, flush=True)
        elif lasting or time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    return tell
