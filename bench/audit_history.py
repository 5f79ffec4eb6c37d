"""How long the questions about the past take: who changed what, and what one row was.

`python -m bench.audit_history [--scale small|large]`; 20 million events are what is promised for. They
are spread over 24 monthly partitions; every question is asked for its first page and for one in the
middle, cold to the session, warm to the server.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run, seconds
from warehouse.audit.history import Asked, Position, events
from warehouse.audit.versions import as_of, record, versions
from warehouse.models.base import Base
from warehouse.partitions import ensure

START, MONTHS = datetime(2024, 1, 1, tzinfo=UTC), 24
END = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = START + (END - START) / 2
ROUNDS = 5
TARGET_MS = 2000
# One account in ten thousand events, one table in a thousand, and an order with one version in a thousand.
EVENTS = """
insert into audit.events (
    event_id, occurred_at, actor, application, request_id, table_schema, table_name, operation,
    row_count, time_from, time_to, account_ids, instrument_ids
)
select
    nextval('audit.events_event_id_seq'),
    %(start)s + %(span)s * (n / %(steps)s::float8), -- a step rounded to microseconds would run past the end
    'actor ' || mod(n, 200),
    'bench',
    'request ' || n / 10,
    'trading',
    case when mod(n, 1000) = 0 then 'orders' else 'trades' end,
    case when mod(n, 1000) = 0 then 'update' else 'insert' end,
    1,
    %(start)s,
    %(start)s + interval '1 day',
    case
        when mod(n, 50000) = 7 then null
        when mod(n, 10000) = 3 then array[7]
        else array[100 + mod(n, 500)]
    end,
    array[mod(n, 5000)]
from generate_series(%(first)s::bigint, %(last)s) as g (n)
"""
IMAGES = """
insert into audit.images (
    event_id, occurred_at, image_no, table_schema, table_name, row_key, before, after
)
select
    e.event_id, e.occurred_at, 1, 'trading', 'orders', '1/' || mod(e.event_id / 1000, 2),
    jsonb_build_object('event_id', e.event_id - 1000, 'status', 'working', 'quantity', e.event_id),
    jsonb_build_object('event_id', e.event_id, 'status', 'working', 'quantity', e.event_id + 1000)
from audit.events as e
where e.table_name = 'orders' and e.occurred_at >= %(start)s
"""
# What a parent's index is, in words that make it on the partitions too.
INDEXES = """
select i.indexrelid::regclass::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
from pg_index as i
where i.indrelid = 'audit.events'::regclass and not i.indisprimary
"""
QUESTIONS: Mapping[str, Asked] = {
    "the newest": Asked(),
    "a table that is rarely written": Asked(table="trading.orders"),
    "an actor": Asked(actor="actor 7"),
    "a request": Asked(request_id="request 5000"),
    "an account that is common": Asked(account_id=101),
    "an account that is rare": Asked(account_id=7),
    "an account that there is not": Asked(account_id=1),
    "an instrument": Asked(instrument_id=77),
    "an actor on a table": Asked(table="trading.orders", actor="actor 0"),
    "one event": Asked(event_ids=[100_000]),
}


def measure(bench: Bench) -> Iterator[Result]:
    count = bench.pick(200_000, 20_000_000)
    with (
        bench.database() as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        bench.tell(f"{count:,} events")
        _generate(conn, count)
        yield from _ask(bench, conn, count)


def _generate(conn: Connection[Any], count: int) -> None:
    with conn.transaction():
        for log in ("audit.events", "audit.images"):
            ensure(conn, Base.metadata.tables[log], START, END)
    place = {"start": START, "span": END - START, "steps": count + 1}
    with _indexed_afterwards(conn):
        for number in range(MONTHS):
            first, last = (count * part // MONTHS for part in (number, number + 1))
            conn.execute(EVENTS, place | {"first": first + 1, "last": last})
    conn.execute(IMAGES, {"start": START})
    conn.execute("vacuum analyze audit.events, audit.images")


@contextmanager
def _indexed_afterwards(conn: Connection[Any]) -> Iterator[None]:
    """Building an index over rows costs a fraction of adding each row to it."""
    definitions = conn.execute(INDEXES).fetchall()
    for name, _ in definitions:
        conn.execute(f"drop index {name}")
    yield
    for _, definition in definitions:
        conn.execute(definition)


def _ask(bench: Bench, conn: Connection[Any], count: int) -> Iterator[Result]:
    middle = Position(MIDDLE, 2**62)
    questions: dict[str, list[Callable[[], Any]]] = {
        name: [
            partial(events, conn, asked, after=at, newest_first=way)
            for at in (None, middle)
            for way in (True, False)
        ]
        for name, asked in QUESTIONS.items()
    }
    order = record(conn, "trading.orders", "1/1")
    questions["the versions of a row"] = [
        partial(versions, conn, order, after=at) for at in (None, middle)
    ]
    questions["a row as of a time"] = [
        partial(as_of, conn, order, START + timedelta(days=days)) for days in (1, 365, 729)
    ]
    # Of each round the slowest page, for every one is promised to be quick.
    ways = {name: partial(_slowest, pages) for name, pages in questions.items()}
    for name, found in bench.turns(ways, ROUNDS).items():
        yield Result(name, "ms", found, aim=at_most(TARGET_MS), at=(count, "events"))


def _slowest(pages: Sequence[Callable[[], Any]]) -> float:
    return max(1000 * seconds(page) for page in pages)


if __name__ == "__main__":
    run(measure)
