"""`warehouse up`, `down` and `status`: the whole warehouse, from nothing to served, and back."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Error as DriverError
from psycopg import connect

from warehouse.cli import serve
from warehouse.cli.demo import load_with_progress
from warehouse.cli.output import DryRun, Json, console, emit, lines, table
from warehouse.db import keys, migrations
from warehouse.db.errors import translate
from warehouse.db.server import server_version
from warehouse.db.target import is_embedded, primary
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.embedded import Embedded
from warehouse.errors import BusyError, WarehouseError
from warehouse.jobs import install
from warehouse.partitions.apply import apply_ahead
from warehouse.refresh.build import build_if_changed
from warehouse.settings import StateSettings

KEY_FILE = "api.key"


@dataclass(frozen=True)
class Step:
    """One thing that `up` sees to; run again, it finds that nothing is to do."""

    name: str
    doing: str
    run: Callable[[], str]


def up(
    scale: Annotated[ScaleName, typer.Option(help="Size of the demo data.")] = ScaleName.SMALL,
    demo: Annotated[bool, typer.Option(help="Load the demo data.")] = True,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring up a served warehouse with demo data; run again, it changes nothing.

    Example: warehouse up --scale tiny
    """
    home = StateSettings().home
    steps = [step for step in plan(home, scale) if demo or step.name != "demo"]
    if dry_run:
        rows = [{"step": step.name, "does": step.doing} for step in steps]
        emit(rows, as_json, table)
        return
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        if not serve.running_pid(home):
            serve.require_free_port()
        done = [
            _run(step, "" if as_json else f"[{number}/{len(steps)}] {step.name:<11}")
            for number, step in enumerate(steps, 1)
        ]
    emit({"steps": done, **_status(home)}, as_json, _show_where)


def plan(home: Path, scale: ScaleName) -> list[Step]:
    return [
        Step("server", "start PostgreSQL", lambda: _start_server(home)),
        Step("roles", "make the roles", _make_roles),
        Step("migrate", "bring the schema up to date", _migrate),
        Step("demo", f"load the {scale} demo data", lambda: _load_demo(scale)),
        # After the demo, whose past they join to the present without a gap.
        Step("partitions", "make the partitions of today and tomorrow", _make_partitions),
        Step("marts", "build the marts with dbt", _build_marts),
        Step("key", "make a key to read with", lambda: _make_key(home)),
        Step("api", "serve the read API", lambda: _serve(home)),
    ]


def down(
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Delete the embedded server's data too.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Stop the API and the embedded PostgreSQL; the data stays.

    Example: warehouse down
    """
    home = StateSettings().home
    server = Embedded(home) if is_embedded() else None
    found = {
        "api": serve.running_pid(home) is not None,
        "postgresql": server is not None and server.status().running,
        "data": "deleted" if server and destroy else "kept",
    }
    if not dry_run:
        serve.stop_api(home)
        if server:
            server.destroy() if destroy else server.stop()
    emit(found, as_json, lambda _: lines(_stopped(found, "would be " if dry_run else "")))


def _stopped(found: dict[str, Any], mood: str) -> list[str]:
    return [
        f"The API {mood}stopped." if found["api"] else "The API was not running.",
        f"PostgreSQL {mood}stopped."
        if found["postgresql"]
        else "No PostgreSQL of ours was running.",
        f"Its data {mood}{found['data']}.",
    ]


def status(as_json: Json = False) -> None:
    """Say what runs, where, and at which schema.

    Example: warehouse status --json
    """
    found = _status(StateSettings().home)
    emit(
        found, as_json, lambda rows: lines(f"{k:<11}{v}" for k, v in rows.items() if v is not None)
    )
    if "problem" in found or not found["api"]:
        raise typer.Exit(1)


# -- the steps -------------------------------------------------------------------------------------


def _start_server(home: Path) -> str:
    if is_embedded():
        Embedded(home).ensure_running()
    target = primary()
    return f"PostgreSQL {server_version(target)} ({target.origin})"


def _make_roles() -> str:
    return _count(len(install.make_roles(primary())), "changes", "all in place")


def _migrate() -> str:
    return _count(len(install.migrate(primary())), "migrations", "up to date")


def _make_partitions() -> str:
    with connect(**primary().keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        return _count(len(apply_ahead(conn)), "partitions made", "all there")


def _load_demo(scale: ScaleName) -> str:
    from warehouse.demo.load import ForeignData

    try:
        summary = load_with_progress(primary(), scale, DEFAULT_SEED, DEFAULT_UNTIL)
    except ForeignData:
        return "left out: the warehouse holds other data"
    return _count(summary.rows, "rows", "already loaded")


def _build_marts() -> str:
    return _count(len(build_if_changed(primary())), "models and tests", "unchanged")


def _make_key(home: Path) -> str:
    """A key to try the API with, kept in a file; whose server it is not ours, makes the keys himself."""
    if not is_embedded():
        return "left to you: `warehouse keys create`"
    file = home / KEY_FILE
    with connect(**primary().keywords()) as conn:
        live = {key["prefix"] for key in keys.listed(conn) if key["state"] == "live"}
        if file.exists() and file.read_text().rpartition("_")[0] in live:
            return f"in {KEY_FILE}"
        terms = keys.Terms(name="up", scopes=["audit", "read"])
        secret = keys.create(conn, terms, keys.Grants(everything=True))
        # Before the commit: a file with a key that never was is made anew the next time.
        file.touch(mode=0o600)
        file.write_text(secret.text)
    return f"made, in {KEY_FILE}"


def _serve(home: Path) -> str:
    started = serve.start_api(home)
    return f"{serve.api_url()}{'' if started else ' (was running)'}"


# -- how it is shown -------------------------------------------------------------------------------


def _run(step: Step, announced: str) -> dict[str, Any]:
    console.print(announced, end="", markup=False)
    started = time.monotonic()
    try:
        outcome = step.run()
    except BaseException:
        console.print("stopped" if announced else "")
        raise
    seconds = time.monotonic() - started
    if announced:
        console.print(f"{outcome:<52} {seconds:6.1f} s", markup=False)
    return {"step": step.name, "outcome": outcome, "seconds": round(seconds, 1)}


def _count(number: int, things: str, none: str) -> str:
    return f"{number:,} {things}" if number else none


def _show_where(found: dict[str, Any]) -> None:
    lines(
        [
            "",
            f"API         {found['api']}",
            f"Docs page   {found['api']}/docs",
            *([f"Its key     {found['key']}"] if found.get("key") else []),
            f"Database    {found['database']}  (`warehouse db url` adds the password)",
            "Prompt      .venv/bin/warehouse db psql",
            "Stop        make down",
        ]
    )


def _status(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(("database", "postgresql", "schema"))
    try:
        target = primary()
        with connect(**target.keywords()) as conn:
            found["postgresql"] = server_version(target)
            behind = migrations.pending(conn)
            found["schema"] = migrations.current(conn) or "not migrated"
        if behind:
            found["problem"] = f"{len(behind)} migrations behind; run `warehouse migrate`"
        found["database"] = target.url(secret=False)
    except (WarehouseError, DriverError) as error:
        found["problem"] = " ".join(str(translate(error)).split())
    found["api"] = serve.api_url() if serve.answers() else None
    if is_embedded():
        server = Embedded(home).status()
        found |= {"data": str(server.data), "log": str(server.log)}
        found["key"] = str(home / KEY_FILE) if (home / KEY_FILE).exists() else None
    return found


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One `up` at a time; the lock goes with the process, however it ends."""
    with (home / "up.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("Another `warehouse up` is under way here; wait for it.") from error
        yield
