"""Brings marts up to date and proves them equal to their queries, each in a transaction of its own.

What is to be computed is decided in the database, by the functions that dbt calls too.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, Error, IsolationLevel, sql
from psycopg.rows import class_row

from warehouse.db.errors import translate
from warehouse.db.migrations import MIGRATION_LOCK
from warehouse.db.retry import retrying
from warehouse.errors import BusyError
from warehouse.refresh.marts import Mart, MartKind, read_marts
from warehouse.sql import query

# The function of schema ops that does it.
REFRESH = {MartKind.ROLLUP: "refresh_rollup", MartKind.MATVIEW: "refresh_matview"}
VERIFY = {MartKind.ROLLUP: "verify_rollup", MartKind.MATVIEW: "verify_matview"}
# No row where nothing was pending. Told in words to whoever looks at pg_stat_activity.
RUN = sql.SQL(
    "-- What did a refresh or a comparison find?\n"
    "select {columns} from {function}(%(relation)s) where relation is not null"
)


@dataclass(frozen=True)
class Run:
    """What one run of one mart did, as the ledger has it."""

    relation: str
    kind: str
    event_count: int | None
    scopes: list[dict[str, Any]]
    inserted_count: int | None
    updated_count: int | None
    deleted_count: int | None
    difference_count: int | None
    event_id: int | None
    started_at: datetime
    finished_at: datetime

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


@dataclass
class Outcome:
    """The runs that there was a reason for, and why others came to nothing."""

    runs: list[Run] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """A stretch of time and the keys that are to be computed anew; no keys = all."""

    relation: str
    scope_from: str
    scope_to: str
    scope_keys: list[int] | None


Done = Callable[[Run], object]


def refresh(
    conn: Connection[Any], only: Collection[str] = (), done: Done = lambda _: None
) -> Outcome:
    """Read what was written since, mart by mart, each after what it reads; on autocommit.

    One that fails keeps the rows it had, and the others go on.
    """
    return _each(conn, read_marts(conn, only), "refresh", REFRESH, done)


def verify(
    conn: Connection[Any], only: Collection[str] = (), done: Done = lambda _: None
) -> Outcome:
    """Compare each mart, row by row, with its query in one snapshot; on autocommit."""
    before, conn.isolation_level = conn.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        return _each(conn, read_marts(conn, only), "verify", VERIFY, done)
    finally:
        conn.isolation_level = before


def pending(conn: Connection[Any], only: Collection[str] = ()) -> list[Scope]:
    """What a refresh would run over now; what it changes may be pending for those above then."""
    return [scope for mart in read_marts(conn, only) for scope in _scopes(conn, mart)]


def _scopes(conn: Connection[Any], mart: Mart) -> Iterator[Scope]:
    named = {"relation": mart.relation}
    if mart.kind is MartKind.ROLLUP:
        for since, until, keys in conn.execute(query("refresh/list_pending"), named):
            yield Scope(mart.relation, since, until, keys)
    elif conn.execute(query("refresh/is_pending"), named).fetchone() == (True,):
        yield Scope(mart.relation, "-infinity", "infinity", None)


def _each(
    conn: Connection[Any],
    marts: Sequence[Mart],
    kind: str,
    functions: Mapping[MartKind, str],
    done: Done,
) -> Outcome:
    outcome = Outcome()
    for mart in marts:
        began = datetime.now(UTC)
        try:
            run = retrying()(_run, conn, mart, functions[mart.kind])
        except Error as error:
            if conn.closed:
                raise
            message = str(translate(error))
            failure = {"relation": mart.relation, "kind": kind, "started_at": began}
            conn.execute(query("refresh/fail_run"), failure | {"error": message})
            outcome.failed.append((mart.relation, message))
            continue
        if run:
            outcome.runs.append(run)
            done(run)
    return outcome


def refresh_mart(conn: Connection[Any], mart: Mart) -> Run | None:
    """Refresh one mart in a transaction of its own, or as a part of one; None where nothing was pending."""
    return _run(conn, mart, REFRESH[mart.kind])


def _run(conn: Connection[Any], mart: Mart, function: str) -> Run | None:
    statement = RUN.format(
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in fields(Run)),
        function=sql.Identifier("ops", function),
    )
    with conn.transaction(), conn.cursor(row_factory=class_row(Run)) as cursor:
        refuse_beside_migration(conn)
        return cursor.execute(statement, {"relation": mart.relation}).fetchone()


def refuse_beside_migration(conn: Connection[Any]) -> None:
    """Until the transaction ends, a migration that comes waits; one that is under way is not met."""
    row = conn.execute(query("refresh/share_migration_lock"), {"key": MIGRATION_LOCK}).fetchone()
    if row != (True,):
        raise BusyError(
            "A migration is under way. Nothing was refreshed; try again when it has ended."
        )
