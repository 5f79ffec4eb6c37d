"""Brings materialized views to one moment, so that their numbers agree with each other.

One at a time, each is right as of a moment of its own; that is left to `runs`.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, Error, IsolationLevel

from warehouse.db.errors import translate
from warehouse.db.retry import is_transient, retrying
from warehouse.errors import BusyError
from warehouse.refresh.marts import Mart, MartError, MartKind, read_marts
from warehouse.refresh.runs import Done, Outcome, Run, refresh, refresh_mart
from warehouse.sql import query

ATTEMPTS = 5


def refresh_at_one_moment(
    conn: Connection[Any], named: Collection[str], done: Done = lambda _: None
) -> Outcome:
    """Refresh materialized views and all below them, the views in one snapshot; on autocommit.

    Loads and readers go on. Others who refresh the same views wait, and readers see all of them
    change at once.
    """
    marts = below(read_marts(conn), named)
    rollups = [mart.relation for mart in marts if mart.kind is MartKind.ROLLUP]
    views = [mart for mart in marts if mart.kind is MartKind.MATVIEW]
    with _held(conn, [view.relation for view in views]):
        for _ in range(ATTEMPTS):
            outcome = refresh(conn, rollups, done) if rollups else Outcome()
            if outcome.failed:
                return outcome
            runs = retrying()(_in_one_snapshot, conn, rollups, views)
            if runs is not None:
                outcome.runs += runs
                return outcome
    raise BusyError(
        "The rollups were refreshed all the time, so that no moment showed them in step. The "
        f"materialized views below {', '.join(named)} are what they were; try again."
    )


def below(marts: Sequence[Mart], named: Collection[str]) -> list[Mart]:
    """Marts and those they read, down to the first, in the same order. Pure."""
    by_name = {mart.relation: mart for mart in marts}
    if unknown := set(named) - by_name.keys():
        raise MartError(
            f"{', '.join(sorted(unknown))}: not built yet. Nothing was refreshed; run `warehouse build`."
        )
    found, open_ = set[str](), set(named)
    while open_:
        name = open_.pop()
        found.add(name)
        open_ |= (by_name.keys() & set(by_name[name].reads)) - found
    return [mart for mart in marts if mart.relation in found]


def _in_one_snapshot(
    conn: Connection[Any], rollups: Collection[str], views: Sequence[Mart]
) -> list[Run] | None:
    """None where the snapshot fell between two refreshes that belong together."""
    before, conn.isolation_level = conn.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        with conn.transaction():
            unread = query("refresh/find_unread_rollups")
            if conn.execute(unread, {"relations": list(rollups)}).fetchone():
                return None
            return [run for view in views if (run := _refresh(conn, view))]
    finally:
        conn.isolation_level = before


def _refresh(conn: Connection[Any], view: Mart) -> Run | None:
    try:
        return refresh_mart(conn, view)
    except Error as error:
        if is_transient(error):
            raise
        raise MartError(
            f"{view.relation}: {translate(error)} It and those that belong with it are what they were."
        ) from error


@contextmanager
def _held(conn: Connection[Any], relations: Sequence[str]) -> Iterator[None]:
    """Taken before the snapshot, which would else be older than what another refresh has just done."""
    conn.execute(query("refresh/hold_matviews"), {"relations": relations})
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(query("refresh/release_matviews"), {"relations": relations})
