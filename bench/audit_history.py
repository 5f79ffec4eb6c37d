"""How long the questions about the past take: who changed what, and what one row was.

`python -m bench.audit_history [--events 200000]`; 20 million is the size that is promised for. They are
spread over 24 monthly partitions; every question is asked for its first page and for one in the
middle, cold to the session, warm to the server.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, connect

from warehouse.audit.history import Asked, Position, events
from warehouse.audit.versions import as_of, record, versions
from warehouse.cli.output import lines
from warehouse.db.scratch import scratch_database
from warehouse.db.target import primary
from warehouse.jobs import install
from warehouse.models.base import Base
from warehouse.partitions import ensure

START, MONTHS = datetime(2024, 1, 1, tzinfo=UTC), 24
END = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = START + (END - START) / 2
REPEATS = 5
TARGET = 2.0
# One account in ten thousand events, one table in a thousand, and an order with one version in a thousand.
EVENTS = """
insert into audit.events (
    event_id, occurred_at, actor, application, request_id, table_schema, table_name, operation,
    row_count, time_from, time_to, account_ids, instrument_ids
)
select
    nextval('audit.events_event_id_seq'),
    %(start)s + n * %(step)s,
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    count = parser.parse_args().events
    with scratch_database(primary()) as target:
        install.make_roles(target)
        install.migrate(target)
        options = "-c timezone=UTC"
        with connect(**target.keywords(options=options), autocommit=True) as conn:
            _generate(conn, count)
            _ask(conn, count)


def _generate(conn: Connection[Any], count: int) -> None:
    with conn.transaction():
        for log in ("audit.events", "audit.images"):
            ensure(conn, Base.metadata.tables[log], START, END)
    step = (END - START) / (count + 1)
    for number in range(MONTHS):
        first, last = (count * part // MONTHS for part in (number, number + 1))
        conn.execute(EVENTS, {"start": START, "step": step, "first": first + 1, "last": last})
    conn.execute(IMAGES, {"start": START})
    conn.execute("vacuum analyze audit.events, audit.images")


def _ask(conn: Connection[Any], count: int) -> None:
    lines([f"| question, {count:,} events | median | slowest | target | met |"])
    lines(["| --- | --- | --- | --- | --- |"])
    middle = Position(MIDDLE, 2**62)
    for name, asked in QUESTIONS.items():
        pages = [
            lambda at=at, way=way, asked=asked: events(conn, asked, after=at, newest_first=way)
            for at in (None, middle)
            for way in (True, False)
        ]
        _row(name, pages)
    order = record(conn, "trading.orders", "1/1")
    _row(
        "the versions of a row",
        [lambda at=at: versions(conn, order, after=at) for at in (None, middle)],
    )
    moments = [START + timedelta(days=days) for days in (1, 365, 729)]
    _row("a row as of a time", [lambda at=at: as_of(conn, order, at) for at in moments])


def _row(name: str, questions: Sequence[Callable[[], Any]]) -> None:
    found = [_timed(question) for _ in range(REPEATS) for question in questions]
    middle, slowest = statistics.median(found) * 1000, max(found) * 1000
    met = "yes" if slowest <= TARGET * 1000 else "no"
    lines([f"| {name} | {middle:.1f} ms | {slowest:.1f} ms | ≤ {TARGET:g} s | {met} |"])


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
