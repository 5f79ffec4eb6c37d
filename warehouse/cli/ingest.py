"""`warehouse ingest`: files become facts; a command for each kind of row, and what became of the loads."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warehouse.cli.ingest_progress import progress
from warehouse.cli.output import Json, complain, emit, lines, table
from warehouse.cli.partition_options import connection
from warehouse.db.target import primary
from warehouse.errors import WarehouseError
from warehouse.ingest.formats import Format
from warehouse.ingest.kind import Kind
from warehouse.ingest.kinds import KINDS
from warehouse.models.ops import IngestMode
from warehouse.sql import query

if TYPE_CHECKING:
    from warehouse.ingest.order import Limit, Order
    from warehouse.ingest.pipeline import Result

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
Day = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="Day of times that name none."),
]
Delimiter = Annotated[str | None, typer.Option(help="Delimiter of a CSV; else its header tells.")]
Form = Annotated[
    Format | None, typer.Option("--format", help="csv, ndjson or parquet; else the file tells.")
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
        date: Day = None,
        delimiter: Delimiter = None,
        format_: Form = None,
        as_json: Json = False,
    ) -> None:
        from warehouse.ingest.order import Order

        told = {"zone": zone, "unit": unit, "date": date, "delimiter": delimiter}
        mapping = _mapping(map_, told)
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
    app.command(
        each.title,
        short_help=str(each.table.comment).partition(".")[0] + ".",
        rich_help_panel=str(each.table.schema).title(),
    )(command(each))


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
    found += [
        {
            "column": name,
            "holds": "list",
            "needed": "",
            "meaning": f"What belongs to it, in NDJSON and Parquet: {part.kind}.",
            "words": "",
        }
        for name, part in KINDS[kind].parts.items()
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
            shown = [_shown(reject) for reject in found]
            if shown:
                lines([f"Load {wanted}:"])
            table(shown, "Nothing was rejected.")


def _shown(reject: dict[str, Any]) -> dict[str, Any]:
    raw = _on_one_line(reject["raw"])
    return {
        "file": reject["file_name"],
        "line": reject["line_no"],
        "why": _on_one_line("; ".join(f"{name} {why}" for name, why in reject["reasons"].items())),
        "row": raw if len(raw) <= 80 else raw[:80] + "…",
    }


def _on_one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


# -- loading ---------------------------------------------------------------------------------------


def _load_all(order: "Order", files: list[str], format_: Format | None, *, as_json: bool) -> bool:
    """Each file is a load of its own; one that fails does not keep the others from it.

    A file that was turned away row by row has failed: its columns or units are others than was said.
    """
    import pyarrow as pa

    from warehouse.ingest.pipeline import load_file
    from warehouse.ingest.sources import expand

    # It gives back what blocks no longer need; pyarrow's own keeps 35 MB more.
    pa.set_memory_pool(pa.system_memory_pool())
    told: list[dict[str, Any]] = []
    all_well = True
    for name in expand(files):
        try:
            result = load_file(primary(), order, name, format_, progress)
        except WarehouseError as error:
            complain(str(error))
            told.append({"file": name, "error": str(error)})
            all_well = False
            continue
        all_well &= not result.tally.came_to_nothing
        told.append(_as_row(result))
        if not as_json:
            lines([_sentence(result)])
    if as_json:
        print(json.dumps(told, indent=2, default=str))
    return all_well


def _mapping(path: Path | None, told: dict[str, str | None]) -> Any:
    from pydantic import ValidationError

    from warehouse.ingest.mapping import Mapping, read_mapping, wrong

    found = read_mapping(path) if path else Mapping()
    given = {name: value for name, value in told.items() if value is not None}
    try:
        return Mapping.model_validate(found.model_dump(by_alias=True) | given)
    except ValidationError as error:
        problem = error.errors()[0]
        raise typer.BadParameter(f"--{problem['loc'][0]}: {wrong(problem)}") from error


def _limit(text: str | None) -> "Limit":
    from warehouse.ingest.order import Limit

    if text is None:
        return Limit()
    is_share = text.endswith("%")
    try:
        number = float(text[:-1]) / 100 if is_share else int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= (1 if is_share else number):
        raise typer.BadParameter(
            f"--max-rejects is a number or a percentage: 100 or 0.5%, not {text}"
        )
    return Limit(share=number) if is_share else Limit(most=int(number))


def _as_row(result: "Result") -> dict[str, Any]:
    return {
        "file": result.file,
        "batch": result.batch_id,
        **asdict(result.tally),
        "repeats": result.repeats,
        "ends_a_line": result.ends_a_line,
        "unused_columns": list(result.unused),
    }


def _sentence(result: "Result") -> str:
    tally = result.tally
    told = (
        f"{result.file}: {tally.read:,} rows read, {tally.loaded:,} loaded, {tally.duplicate:,} there "
        f"already, {tally.rejected:,} rejected (load {result.batch_id})."
    )
    if result.repeats:
        but = f", but for {tally.rejected:,} rows" if tally.rejected else ""
        told = f"{result.file}: was loaded before as {result.batch_id}{but}; nothing was done."
    if tally.rejected:
        told += f" `warehouse ingest rejects {result.batch_id}` shows why."
    if result.unused:
        told += f" Columns without use: {', '.join(result.unused)}."
    if not result.ends_a_line:
        told += " Its last line does not end: if the file was cut short, rows are missing."
    return told
