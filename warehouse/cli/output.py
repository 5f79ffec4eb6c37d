"""How commands speak: tables for people, JSON for programs, one line for an error."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done; do nothing.")]

# What is read by a program or kept in a file has no edge to be broken at.
WIDE = 240
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def emit(rows: Any, as_json: bool, render: Callable[[Any], None]) -> None:
    """Print a result as JSON, or the way `render` shows it to a person."""
    if as_json:
        print(json.dumps(rows, indent=2, default=str))
    else:
        render(rows)


def table(rows: Sequence[Mapping[str, Any]], empty: str = "Nothing.") -> None:
    """Print rows under the names of their keys."""
    if not rows:
        console.print(empty)
        return
    grid = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for row in rows:
        # What a file says in brackets is no markup.
        grid.add_row(*("" if value is None else escape(str(value)) for value in row.values()))
    console.print(grid)


def lines(rows: Iterable[str]) -> None:
    """Print lines as they are."""
    for row in rows:
        console.print(row, markup=False, soft_wrap=True)


def complain(message: str) -> None:
    """Print an error: one line, no traceback."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
