"""How long partitions are locked against anyone: every lock that a step takes, seen in pg_locks.

`python -m bench.partitions_locks [--scale small|large]`. A second session looks at pg_locks as fast as it
can while a step runs, a third writes a trade after the other. Counted are locks stronger than SHARE
UPDATE EXCLUSIVE on any table but the partition itself; a loaded month of trades goes and comes, and
one of transactions with its items. A look takes about half a millisecond: shorter is not seen. To leave
the keys to ATTACH is the other way, which is not gone; it has no target.
"""

import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure, making
from warehouse.partitions.apply import apply
from warehouse.partitions.archive import archive
from warehouse.partitions.hand import steps_to_attach, steps_to_detach
from warehouse.partitions.lock import Held, Patience
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Attach, Step
from warehouse.partitions.run import run_steps

Lock = tuple[str, str]
Longest = dict[Lock, float]
Observe = Callable[[str, Callable[[], Any]], None]
DAY = timedelta(days=1)
ROUNDS = 5
TARGET_MS = 50.0
BARE = "attach, keys checked by it (not how it is done)"
TABLES = ("trading.trades", "trading.transactions", "trading.transaction_items")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
YEAR_END = datetime(2025, 1, 1, tzinfo=UTC)
STRONG = """
select l.relation::regclass::text, l.mode
from pg_locks as l
where
    l.pid = %s and l.granted and l.locktype = 'relation'
    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and l.relation in (select c.oid from pg_class as c where c.relkind = 'p' or (
        c.relkind = 'r' and not c.relispartition
        and c.relnamespace in ('reference'::regnamespace, 'trading'::regnamespace)
        and c.relname !~ '_p[0-9]{8}$'
    ))
"""
DIMENSIONS = """
insert into reference.sources (source_id, name, priority) values (1, 'csv', 1);
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
select g, 'S' || g, 'equity', 'USD' from generate_series(1, 500) g;
insert into reference.accounts (account_id, account_hash, account_number_encrypted,
    account_number_digest, display_name, account_type, base_currency)
select g, g::text, '', g::text::bytea, 'A', 'cash', 'USD' from generate_series(1, 200) g;
"""
TRADE = """
insert into trading.trades (account_id, executed_at, trade_id, instrument_id, side, quantity, price,
    source_id)
select 1 + g % 200, {at}, {first} + g, 1 + g % 500, 'buy', 1, 1, 1
from generate_series(1, {rows}) g
"""
TRANSACTIONS = """
insert into trading.transactions (account_id, transaction_at, transaction_id, transaction_type,
    status, net_amount, currency, source_id)
select 1 + g % 200, {at}, g, 'trade', 'valid', 1, 'USD', 1 from generate_series(1, {rows}) g
"""
ITEMS = """
insert into trading.transaction_items (account_id, transaction_at, transaction_id, item_no, amount,
    cost)
select account_id, transaction_at, transaction_id, 1, 1, 1 from trading.transactions
"""


class Watcher:
    """Looks at one session's locks without a pause; keeps the longest unbroken sight of each."""

    def __init__(self, conn: Connection[Any], pid: int) -> None:
        self.longest: Longest = defaultdict(float)
        self._conn, self._pid, self._stop = conn, pid, threading.Event()

    @contextmanager
    def at_work(self) -> Iterator["Watcher"]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        since: Longest = {}
        while not self._stop.is_set():
            before = time.perf_counter()
            seen = set(self._conn.execute(STRONG, [self._pid]).fetchall())
            now = time.perf_counter()
            since = {lock: since.get(lock, before) for lock in seen}
            for lock, began in since.items():
                self.longest[lock] = max(self.longest[lock], (now - began) * 1000)


def measure(bench: Bench) -> Iterator[Result]:
    rows = bench.pick(50_000, 1_000_000)
    with (
        bench.database() as target,
        _session(target) as conn,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench.tell("load")
        _load(conn, rows, Path(folder))
        found = _measured(bench, conn, target)
    for name, rounds in found.items():
        locks = {lock for each in rounds for lock in each}
        held = {lock: [each.get(lock, 0.0) for each in rounds] for lock in locks}
        if not held:
            continue
        table, mode = max(held, key=lambda lock: statistics.median(held[lock]))
        note = f"the longest held of {len(held)}, {mode} on {table}; {rows:,} rows"
        aim = None if name == BARE else at_most(TARGET_MS)
        yield Result(name, "ms", held[table, mode], aim=aim, note=note)


def _session(target: Target) -> Connection[Any]:
    return connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


def _load(conn: Connection[Any], rows: int, folder: Path) -> None:
    apply(conn)
    conn.execute(DIMENSIONS)
    for name, end in zip(TABLES, (END, YEAR_END, YEAR_END), strict=True):
        ensure(conn, Base.metadata.tables[name], START, end)
    at = f"'{START}'::timestamptz + g * interval '{{days}} days' / {rows + 1}"
    conn.execute(TRADE.format(at=at.format(days=30), first=0, rows=rows))
    conn.execute(TRANSACTIONS.format(at=at.format(days=366), rows=rows))
    conn.execute(ITEMS)
    conn.execute("analyze trading.trades, trading.transactions, trading.transaction_items")
    for name in TABLES:
        archive(conn, name, f"{name.partition('.')[2]}_p{START:%Y%m%d}", folder.as_uri())


def _measured(bench: Bench, conn: Connection[Any], target: Target) -> Mapping[str, list[Longest]]:
    found: dict[str, list[Longest]] = defaultdict(list)

    def observe(name: str, work: Callable[[], Any]) -> None:
        with _session(target) as eyes, Watcher(eyes, conn.info.backend_pid).at_work() as watcher:
            work()
        found[name].append(dict(watcher.longest))

    with _session(target) as writer, _writing(writer) as slowest:
        for number in range(ROUNDS):
            bench.tell(f"round {number + 1} of {ROUNDS}")
            _round(conn, number, observe)
        found["the slowest of the writes meanwhile"].append(
            {("trading.trades", "insert"): slowest()}
        )
    return found


def _round(conn: Connection[Any], number: int, observe: Observe) -> None:
    """Everything once, so that the repeats alternate."""
    trades, transactions, items = (f"{name.partition('.')[2]}_p{START:%Y%m%d}" for name in TABLES)
    new = datetime(2000 + number, 1, 1, tzinfo=UTC)
    observe("create", lambda: ensure(conn, Base.metadata.tables["trading.trades"], new, new + DAY))
    for name, attach in (
        ("attach, keys checked before", _attach_prepared),
        (BARE, _attach_bare),
    ):
        steps = steps_to_detach(conn, "trading.trades", trades)
        observe("detach", lambda steps=steps: _run(conn, steps))  # type: ignore[misc]
        attach(conn, name, steps_to_attach(conn, "trading.trades", trades), observe)
    steps = steps_to_detach(conn, "trading.transactions", transactions)
    observe("detach, transactions and items", lambda: _run(conn, steps))
    for parent, name in (
        ("trading.transactions", transactions),
        ("trading.transaction_items", items),
    ):
        back = steps_to_attach(conn, parent, name)
        observe(f"attach, {parent.partition('.')[2]}", lambda back=back: _run(conn, back))  # type: ignore[misc]


def _attach_prepared(
    conn: Connection[Any], name: str, steps: Sequence[Step], observe: Observe
) -> None:
    observe(name, lambda: _run(conn, steps))


def _attach_bare(conn: Connection[Any], name: str, steps: Sequence[Step], observe: Observe) -> None:
    """What it would cost to leave the keys to ATTACH."""
    (step,) = steps
    assert isinstance(step, Attach)
    keys = conn.execute(
        "select conname from pg_constraint where contype = 'f' and conrelid = %s::regclass",
        [step.partition],
    ).fetchall()
    for (key,) in keys:
        conn.execute(f"alter table {step.partition} drop constraint {key}")

    def attach() -> None:
        with conn.transaction(), as_owner(conn):
            making.attach(conn, Held(), step)

    observe(name, attach)


def _run(conn: Connection[Any], steps: Sequence[Step]) -> None:
    outcome = run_steps(conn, steps, Patience())
    assert not outcome.failed, outcome.failed


@contextmanager
def _writing(conn: Connection[Any]) -> Iterator[Callable[[], float]]:
    """Insert one trade after the other; how long the slowest took, in ms."""
    stop, took = threading.Event(), [0.0]

    def write() -> None:
        for number in count(1):
            if stop.is_set():
                return
            began = time.perf_counter()
            conn.execute(TRADE.format(at="now()", first=1_000_000_000 + number, rows=1))
            took.append((time.perf_counter() - began) * 1000)
            stop.wait(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: max(took)
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    run(measure)
