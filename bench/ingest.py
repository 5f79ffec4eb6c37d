"""How fast files become facts, beside the bare limit of the same server, and where the time goes.

`python -m bench.ingest [--scale small|large]`. The limit is a
binary COPY of the same rows, encoded beforehand, into a heap without an index. A plain table is
partitioned by month, with a B-tree and a BRIN and no key, check or audit. A backfill without its loader
is the same COPY into a partition's own table, with its checks, and then its indexes: no file is read, no
key checked, nothing audited or booked. Ours reads a file and does all that a load does. Each time it is
two months of their own.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from psycopg import Connection, connect, sql

from bench.measure import Aim, Bench, Result, at_least, run
from warehouse.db.target import Target
from warehouse.ingest import backfill as beside
from warehouse.ingest import run as under_way
from warehouse.ingest.binding import Binding
from warehouse.ingest.casting.cells import Cells
from warehouse.ingest.casting.numerals import numeric
from warehouse.ingest.encode import tuples
from warehouse.ingest.kinds import KINDS
from warehouse.ingest.merge import Merge
from warehouse.ingest.order import Order
from warehouse.ingest.pipeline import load
from warehouse.ingest.ready import Rows
from warehouse.ingest.sources import seen
from warehouse.partitions.apply import ensure_log
from warehouse.partitions.making import build_indexes
from warehouse.partitions.naming import Bounds
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Attach
from warehouse.partitions.policy import policy_of
from warehouse.partitions.statements import bounds_condition, check_name

ROUNDS = 3
LIMIT = "COPY into a bare heap"
SYMBOLS, ACCOUNTS, DAYS = 500, 200, 55
# An account for this many trades: 50 trades a position, as in 5 million trades of 200 accounts.
TRADES_AN_ACCOUNT = 25_000
TARGETS = {"bars": (0.22, 0.50), "trades": (0.10, 0.30)}
KEYS = {"bars": ("instrument_id", "bar_at"), "trades": ("account_id", "executed_at")}
WORLD = f"""
insert into reference.sources (source_id, name, priority) overriding system value values (1, 'csv', 1);
insert into reference.instruments (symbol, asset_type, currency)
select 'S' || g, 'equity', 'USD' from generate_series(1, {SYMBOLS}) g;
insert into reference.accounts (account_hash, account_number_encrypted, account_number_digest,
    display_name, account_type, base_currency)
select 'a' || g, '', g::text::bytea, 'A', 'cash', 'USD' from generate_series(1, {ACCOUNTS}) g;
"""


def measure(bench: Bench) -> Iterator[Result]:
    rows = {"bars": bench.pick(100_000, 10_000_000), "trades": bench.pick(100_000, 5_000_000)}
    with tempfile.TemporaryDirectory() as place, bench.database() as target:
        with _connected(target) as conn:
            ensure_log(conn)
            conn.execute(WORLD)
        for kind in TARGETS:
            yield from Loading(target, Path(place), kind, rows[kind]).measured(bench)


class Loading:
    """One kind of rows, by every way in turns."""

    def __init__(self, target: Target, place: Path, kind: str, rows: int) -> None:
        self._target, self._place = target, place
        self._kind, self._rows = KINDS[kind], rows
        self._year = 1990

    def measured(self, bench: Bench) -> Iterator[Result]:
        title = self._kind.title
        append, backfill = map(at_least, TARGETS[title])
        ways: dict[str, tuple[Callable[[], float], Aim | None]] = {
            "append, CSV": (lambda: self._ours("csv"), append),
            "append, Parquet": (lambda: self._ours("parquet"), append),
            "backfill, CSV": (lambda: self._ours("csv", backfill=True), backfill),
            "backfill, without its loader": (self._indexed, None),
            "plain partitioned": (self._plain, None),
        }
        works = {f"{title}: {way}": work for way, (work, _) in ways.items()}
        found = bench.turns({LIMIT: self._limit} | works, ROUNDS)
        rates = {way: [self._rows / each for each in times] for way, times in found.items()}
        parts = {
            "append, CSV": self._parts(),
            "backfill, CSV": self._parts(backfill=True),
        }
        for way, (_, aim) in ways.items():
            name, note = f"{title}: {way}", parts.get(way, "")
            yield Result(name, "rows/s", rates[name], rates[LIMIT], LIMIT, aim, note=note)

    # -- the ways ----------------------------------------------------------------------------------

    def _limit(self) -> float:
        with _connected(self._target) as conn:
            conn.execute(self._made("create table heap as select {names} from {table} limit 0"))
            spent = self._copied(conn, "heap")
            conn.execute("drop table heap")
        return spent

    def _plain(self) -> float:
        owner, control = KEYS[self._kind.title]
        with _connected(self._target) as conn:
            conn.execute(self._made("create table like_it as select {names} from {table} limit 0"))
            conn.execute(f"create table plain (like like_it) partition by range ({control})")
            for month in (1, 2):
                low, high = (datetime(self._year, m, 1, tzinfo=UTC) for m in (month, month + 1))
                made = f"create table plain_{month} partition of plain for values from ('{low}') to ('{high}')"
                conn.execute(made)
            conn.execute(f"create index on plain ({owner}, {control})")
            conn.execute(f"create index on plain using brin ({control})")
            spent = self._copied(conn, "plain")
            conn.execute("drop table plain, like_it")
        return spent

    def _indexed(self) -> float:
        """The least of a backfill: a partition's table, its checks, and its indexes at the end."""
        table, month = self._kind.table, datetime(self._year, 1, 1, tzinfo=UTC)
        own = {"event_id": Cells(pa.repeat(pa.scalar(1, pa.int64()), self._rows))}
        if self._kind.identity is not None:
            own[self._kind.identity.name] = Cells(pa.array(np.arange(self._rows)))
        with _connected(self._target) as conn:
            policy = policy_of(conn, table.fullname)
            bounds = Bounds(month, month.replace(month=3))
            step = Attach(policy, "bare", bounds, policy.schema)
            statement = sql.SQL(beside.BESIDE).format(
                child=sql.Identifier(step.home, step.name),
                parent=sql.Identifier(step.home, policy.table),
                name=sql.Identifier(check_name(step)),
                condition=bounds_condition(step),
            )
            with as_owner(conn):
                conn.execute(statement)
            spent = self._copied(conn, f"{step.home}.{step.name}", own)
            began = time.perf_counter()
            with conn.transaction():
                conn.execute(beside.ROOM_TO_BUILD)
                build_indexes(conn, step)
            spent += time.perf_counter() - began
            conn.execute(sql.SQL("drop table {}").format(sql.Identifier(step.home, step.name)))
        return spent

    def _ours(self, form: str, *, backfill: bool = False) -> float:
        path = self._file(form)
        order = Order(self._kind, "csv", backfill=backfill)
        with _connected(self._target) as conn, _connected(self._target) as side:
            conn.execute("checkpoint")
            began = time.perf_counter()
            with seen(str(path)) as source:
                result = load(conn, side, order, source, lambda *_: None)
            spent = time.perf_counter() - began
            filed = conn.execute(
                "select is_backfill from ops.ingest_batches order by batch_id desc limit 1"
            )
            assert result.tally.loaded == self._rows
            assert not backfill or filed.fetchone() == (True,)
        return spent

    def _copied(
        self, conn: Connection[Any], table: str, more: Mapping[str, Cells] | None = None
    ) -> float:
        columns = self._columns() | dict(more or {})
        encoded = list(tuples(self._kind.table, columns))
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("copy {} ({}) from stdin (format binary)")
        conn.execute("checkpoint")
        began = time.perf_counter()
        with (
            conn.cursor() as cursor,
            cursor.copy(statement.format(sql.Identifier(*table.split(".")), names)) as copy,
        ):
            for block in encoded:
                copy.write(block)
        return time.perf_counter() - began

    def _made(self, text: str) -> sql.Composed:
        names = sql.SQL(", ").join(map(sql.Identifier, self._columns()))
        table = sql.Identifier(str(self._kind.table.schema), self._kind.table.name)
        return sql.SQL(text).format(names=names, table=table)

    # -- the rows ----------------------------------------------------------------------------------

    def _columns(self) -> dict[str, Cells]:
        """The rows as the table holds them, keys in place of names."""
        rows = self._table()
        columns = {}
        for name in rows.column_names:
            key = self._kind.lookups.get(name)
            values = rows[name].combine_chunks()
            if key:
                digits = pc.utf8_slice_codeunits(values, 1)
                columns[key] = Cells(pc.cast(digits, pa.int64()))
            elif pa.types.is_integer(values.type):
                columns[name] = numeric(values)
            else:
                columns[name] = Cells(values)
        return columns | {"source_id": Cells(pa.repeat(pa.scalar(1, pa.int64()), self._rows))}

    def _file(self, form: str) -> Path:
        """Two months that were not loaded before."""
        self._year += 1
        rows, path = self._table(), self._place / f"{self._kind.title}.{form}"
        if form == "parquet":
            pq.write_table(rows, path)
            return path
        control = str(self._kind.control)
        texts = pc.strftime(rows[control], "%Y-%m-%dT%H:%M:%SZ")
        rows = rows.set_column(rows.column_names.index(control), control, texts)
        options = pyarrow.csv.WriteOptions(quoting_style="none")
        pyarrow.csv.write_csv(rows, path, options)
        return path

    def _table(self) -> pa.Table:
        rng, at = np.random.default_rng(self._year), np.arange(self._rows)
        start, step = np.datetime64(f"{self._year}-01-02", "us"), DAYS * 86_400_000_000
        symbols = pa.array([f"S{n + 1}" for n in range(SYMBOLS)]).take(pa.array(at % SYMBOLS))
        price = rng.integers(1_000, 50_000, self._rows)
        if self._kind.title == "bars":
            minute = at // SYMBOLS * (step // (self._rows // SYMBOLS + 1))
            return pa.table(
                {
                    "symbol": symbols,
                    "frequency": pa.repeat(pa.scalar("1m"), self._rows),
                    "bar_at": _instants(start + minute // 1_000_000 * 1_000_000),
                    "open": _cents(price),
                    "high": _cents(price + 100),
                    "low": _cents(price - 100),
                    "close": _cents(price + 5),
                    "volume": pa.array(rng.integers(1, 10**6, self._rows)),
                }
            )
        held = min(max(self._rows // TRADES_AN_ACCOUNT, 1), ACCOUNTS)
        accounts = pa.array([f"a{n + 1}" for n in range(held)])
        moment = at * (step // self._rows) // 1_000_000 * 1_000_000
        return pa.table(
            {
                "account": accounts.take(pa.array(rng.integers(0, held, self._rows))),
                "executed_at": _instants(start + moment),
                "symbol": symbols,
                "side": pa.array(["buy", "sell"]).take(pa.array(at * 7 // 3 % 2)),
                "quantity": pa.array(rng.integers(1, 1_000, self._rows)),
                "price": _cents(price),
                "commission": _cents(rng.integers(0, 300, self._rows)),
            }
        )

    # -- where the time goes -----------------------------------------------------------------------

    def _parts(self, *, backfill: bool = False) -> str:
        """One load taken apart; rows are made ready beside the rest, on the other core."""
        spent: dict[str, float] = {}
        kept = [(owner, name, getattr(owner, name)) for owner, name, _ in WATCHED]
        for owner, name, label in WATCHED:
            setattr(owner, name, _timed(getattr(owner, name), spent, label))
        whole = self._ours("csv", backfill=backfill)
        for owner, name, really in kept:
            setattr(owner, name, really)
        shares = ", ".join(f"{seconds / whole:.0%} {label}" for label, seconds in spent.items())
        return f"of one such load it takes {shares}"


WATCHED: tuple[tuple[Any, str, str], ...] = (
    (Binding, "cast", "to cast, beside the rest"),
    (Rows, "of", "to look names up and sort, beside it too"),
    (Merge, "write", "to encode and COPY"),
    (beside, "build_indexes", "to build indexes"),
    (beside, "attach", "to check keys and attach"),
    (under_way, "apply_fills", "to book positions"),
)


def _timed(work: Callable[..., Any], spent: dict[str, float], label: str) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            spent[label] = spent.get(label, 0.0) + time.perf_counter() - began

    return timed


def _cents(units: Any) -> pa.Array:
    limbs = np.stack([units, units >> 63], axis=1).astype(np.int64)
    return pa.Array.from_buffers(
        pa.decimal128(18, 2), len(units), [None, pa.py_buffer(np.ascontiguousarray(limbs))]
    )


def _instants(moments: Any) -> pa.Array:
    return pa.array(moments).cast(pa.timestamp("us", "UTC"))


def _connected(target: Target) -> Connection[Any]:
    return connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


if __name__ == "__main__":
    run(measure)
