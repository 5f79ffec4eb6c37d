"""How far a load is: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from warehouse.cli.output import console

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, float], None]]:
    """Tells how many rows were read, and which share of the file they are."""
    began = time.monotonic()
    if not console.is_terminal:
        yield _plain_lines(title, began)
        return
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rows]:>12,} rows {task.fields[rate]:>10,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as shown:
        task = shown.add_task(title, total=1.0, rows=0, rate=0.0)

        def show(rows: int, share: float) -> None:
            rate = rows / max(time.monotonic() - began, 1e-9)
            shown.update(task, completed=share, rows=rows, rate=rate)

        yield show


def _plain_lines(title: str, began: float) -> Callable[[int, float], None]:
    last = began

    def show(rows: int, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = rows / (now - began)
            print(
                f"  {title}: {rows:,} rows, {share:.0%}, {rate:,.0f}/s", file=sys.stderr, flush=True
            )

    return show
