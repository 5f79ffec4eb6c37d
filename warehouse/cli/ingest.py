"""`warehouse ingest`: files become facts; a command for each kind of row, and what became of the loads."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from psycopg import connect
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from warehouse.cli.output import Json, complain, console, emit, lines, table
from warehouse.cli.partition_options import connection
from warehouse.db.target import primary
from warehouse.errors import WarehouseError
from warehouse.ingest.kinds import KINDS, Kind
from warehouse.models.ops import IngestMode
from warehouse.sql import query

if TYPE_CHECKING:
    from warehouse.ingest.pipeline import Limit, Order, Result

SECONDS_BETWEEN_LINES = 5.0
# The last: the statement of a load that was killed ends within a second.
OPTIONS = "-c timezone=UTC -c datestyle=ISO -c client_connection_check_interval=1s"

app = typer.Typer(no_args_is_help=True, help="Load files: CSV, NDJSON or Parquet.")

Files = Annotated[
    list[str], typer.Argument(help="Files or patterns, also .gz and .zst; - is standard input.")
]
Map = Annotated[
    Path | None, typer.Option("--map", help="Mapping file (TOML) for a vendor's columns.")
]
From = Annotated[str, typer.Option("--source", help="Source the rows are from.")]
NewSource = Annotated[bool, typer.Option("--create-source", help="Add the source if it is new.")]
NewInstruments = Annotated[
    bool, typer.Option("--create-instruments", help="Add instruments for unknown symbols.")
]
Mode = Annotated[IngestMode, typer.Option(help="What happens to rows that are there already.")]
MaxRejects = Annotated[
    str | None,
    typer.Option(metavar="N|P%", help="Load nothing of a file with more rejects than this."),
]
Whole = Annotated[
    bool,
    typer.Option("--backfill", help="Load whole partitions beside the table, then attach them."),
]
Zone = Annotated[str | None, typer.Option(help="Time zone of times that name none.")]
Unit = Annotated[str | None, typer.Option(help="Unit of times that are numbers: s, ms, us or ns.")]
Delimiter = Annotated[str | None, typer.Option(help="Delimiter of a CSV; else its header tells.")]
Form = Annotated[
    str | None, typer.Option("--format", help="csv, ndjson or parquet; else the file tells.")
]


def command(kind: Kind) -> Callable[..., None]:
    """The command that loads rows of one kind."""

    def run(
        files: Files,
        map_: Map = None,
        source: From = "csv",
        create_source: NewSource = False,
        mode: Mode = IngestMode.INSERT,
        create_instruments: NewInstruments = False,
        max_rejects: MaxRejects = None,
        backfill: Whole = False,
        zone: Zone = None,
        unit: Unit = None,
        delimiter: Delimiter = None,
        format_: Form = None,
        as_json: Json = False,
    ) -> None:
        from warehouse.ingest.pipeline import Order

        mapping = _mapping(map_, {"zone": zone, "unit": unit, "delimiter": delimiter})
        order = Order(
            kind,
            source,
            mapping,
            mode,
            _limit(max_rejects),
            backfill,
            create_instruments,
            create_source,
        )
        if not _load_all(order, files, format_, as_json=as_json):
            raise typer.Exit(1)

    run.__doc__ = (
        f"Load {kind.title.replace('-', ' ')}; `warehouse ingest columns {kind.title}` says their columns.\n\n"
        f"Example: warehouse ingest {kind.title} {kind.title}.csv"
    )
    return run


for each in KINDS.values():
    app.command(each.title)(command(each))


@app.command("columns")
def columns_(
    kind: Annotated[str, typer.Argument(help="Kind of rows.")], as_json: Json = False
) -> None:
    """Say which columns a file of a kind has.

    Example: warehouse ingest columns trades
    """
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind} is no kind; there are {', '.join(KINDS)}")
    found = [
        {
            "column": field.name,
            "holds": field.shape,
            "needed": "yes" if field.required else "",
            "meaning": field.comment,
            "words": ", ".join(field.words),
        }
        for field in KINDS[kind].fields.values()
    ]
    emit(found, as_json, table)


@app.command("list")
def list_(
    rows: Annotated[int, typer.Option(min=1, help="How many.")] = 20, as_json: Json = False
) -> None:
    """List the latest loads and what became of them.

    Example: warehouse ingest list
    """
    from psycopg.rows import dict_row

    with connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query("ingest/list_batches"), {"rows": rows}).fetchall()
    emit(found, as_json, lambda told: table(told, "Nothing was loaded yet."))


@app.command()
def rejects(
    batch: Annotated[int | None, typer.Argument(help="Load; else the last that has any.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the rows as they were read.")] = False,
    as_json: Json = False,
) -> None:
    """Show the rows that a load turned away, and why; with --raw, to be mended and loaded again.

    Example: warehouse ingest rejects 17 --raw > mended.csv
    """
    from warehouse.ingest.rejects import rejects_of

    with connection() as conn:
        row = conn.execute(query("ingest/newest_batch_with_rejects")).fetchone()
        wanted = batch if batch is not None else row and row[0]
        found = rejects_of(conn, wanted) if wanted is not None else iter(())
        if raw:
            lines(reject["raw"] for reject in found)
        elif as_json:
            print(json.dumps(list(found), indent=2, default=str))
        else:
            table([_shown(reject) for reject in found], "Nothing was rejected.")


def _shown(reject: dict[str, Any]) -> dict[str, Any]:
    raw = reject["raw"]
    return {
        "file": reject["file_name"],
        "line": reject["line_no"],
        "why": "; ".join(f"{column} {why}" for column, why in reject["reasons"].items()),
        "row": raw if len(raw) <= 80 else raw[:80] + "…",
    }


# -- loading ---------------------------------------------------------------------------------------


def _load_all(order: "Order", files: list[str], format_: str | None, *, as_json: bool) -> bool:
    """Each file is a load of its own; one that fails does not keep the others from it."""
    import pyarrow as pa

    from warehouse.ingest.sources import Format, expand

    # It gives back what blocks no longer need; pyarrow's own keeps 35 MB more.
    pa.set_memory_pool(pa.system_memory_pool())
    told: list[dict[str, Any]] = []
    all_well = True
    for name in expand(files):
        try:
            result = _load_file(order, name, Format(format_) if format_ else None)
        except (WarehouseError, OSError) as error:
            complain(str(error))
            told.append({"file": name, "error": str(error)})
            all_well = False
            continue
        told.append(_as_row(result))
        if not as_json:
            lines([_sentence(result)])
    if as_json:
        print(json.dumps(told, indent=2, default=str))
    return all_well


def _load_file(order: "Order", name: str, format_: Any) -> "Result":
    """Again where the server says that it would go well another time: nothing is kept by halves."""
    from warehouse.db.errors import translated
    from warehouse.db.retry import retrying
    from warehouse.ingest.pipeline import load
    from warehouse.ingest.sources import seen

    keywords = primary().keywords(options=OPTIONS)
    with seen(name, format_) as source, _progress(source.title) as tell:
        for attempt in retrying():
            with (
                attempt,
                translated(),
                connect(**keywords, autocommit=True) as conn,
                connect(**keywords, autocommit=True) as side,
            ):
                return load(conn, side, order, source, tell)
    raise AssertionError


def _mapping(path: Path | None, told: dict[str, str | None]) -> Any:
    from pydantic import ValidationError

    from warehouse.ingest.mapping import Mapping, read_mapping

    found = read_mapping(path) if path else Mapping()
    given = {name: value for name, value in told.items() if value is not None}
    try:
        return Mapping.model_validate(found.model_dump(by_alias=True) | given)
    except ValidationError as error:
        problem = error.errors()[0]
        raise typer.BadParameter(f"--{problem['loc'][0]}: {problem['msg']}") from error


def _limit(text: str | None) -> "Limit":
    from warehouse.ingest.pipeline import Limit

    if text is None:
        return Limit()
    try:
        if text.endswith("%"):
            return Limit(share=float(text[:-1]) / 100)
        return Limit(most=int(text))
    except ValueError as error:
        raise typer.BadParameter(
            f"--max-rejects is a number or a percentage: 100 or 0.5%, not {text}"
        ) from error


def _as_row(result: "Result") -> dict[str, Any]:
    return {
        "file": result.file,
        "batch": result.batch_id,
        **asdict(result.tally),
        "repeats": result.repeats,
        "unused_columns": list(result.unused),
    }


def _sentence(result: "Result") -> str:
    tally = result.tally
    if result.repeats:
        return f"{result.file}: was loaded before as {result.batch_id}; nothing was done."
    told = (
        f"{result.file}: {tally.read:,} rows read, {tally.loaded:,} loaded, {tally.duplicate:,} there "
        f"already, {tally.rejected:,} rejected (load {result.batch_id})."
    )
    if tally.rejected:
        told += f" `warehouse ingest rejects {result.batch_id}` shows why."
    if result.unused:
        told += f" Columns without use: {', '.join(result.unused)}."
    return told


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, float], None]]:
    """A bar on a terminal, a line every few seconds elsewhere."""
    began = time.monotonic()
    if not console.is_terminal:
        yield _plain_lines(title, began)
        return
    with Progress(
        TextColumn("{task.description}"),
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
