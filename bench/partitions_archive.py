"""How fast a partition goes to Parquet and comes back, in how much memory, and by which way of reading.

`python -m bench.partitions_archive [--scale small|large]`. Archiving includes the reading
back, restoring includes indexes, keys and the attach. Each run is a process of its own, so that its
peak of memory is its own; flat means that four times the rows take at most a fifth more. The ways of
reading are compared on the same rows in turns: COPY in binary taken apart in numpy, COPY in CSV read
by pyarrow, and ADBC's driver where it happens to be installed. All of them end in the same kind of
Parquet file; only the first keeps the digits that a numeric was given and tells what was sent.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
from psycopg import Connection, connect, sql

from bench.measure import Bench, Result, at_least, at_most, run
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.apply import ensure_log
from warehouse.partitions.archive import archive, restore
from warehouse.partitions.archive.columns import Carried, carry, columns
from warehouse.partitions.archive.files import folder
from warehouse.partitions.archive.manifest import copy_out
from warehouse.partitions.archive.rows import schemas, sent, snapshot
from warehouse.partitions.archive.write import parquet, write

ROUNDS = 3
ARCHIVE_TARGET, RESTORE_TARGET, FLAT_TARGET = 400_000, 250_000, 1.2
START = datetime(2026, 1, 1, tzinfo=UTC)
CSV_ROWS = 131_072
DIMENSIONS = """
insert into reference.sources (source_id, name, priority) values (1, 'csv', 1);
insert into reference.strategies (strategy_id, name) select g, 'T' || g from generate_series(1, 5) g;
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
select g, 'S' || g, 'equity', 'USD' from generate_series(1, 500) g;
insert into reference.accounts (account_id, account_hash, account_number_encrypted,
    account_number_digest, display_name, account_type, base_currency)
select g, g::text, '', g::text::bytea, 'A', 'cash', 'USD' from generate_series(1, 200) g;
insert into trading.orders (account_id, order_id, source_id, session, duration, order_type, status,
    entered_at, quantity, filled_quantity, remaining_quantity)
select g, g, 1, 'normal', 'day', 'market', 'new', now(), 1, 0, 1 from generate_series(1, 200) g;
"""
TRADES = """
insert into trading.trades (account_id, executed_at, trade_id, order_id, instrument_id, strategy_id,
    side, position_effect, trade_type, quantity, price, commission, fees, settlement_date, source_id,
    batch_id, event_id)
select 1 + g % 200, timestamptz '2026-01-01 00:00+0' + g * (interval '30 days' / {rows}), g,
    case when g % 3 = 0 then 1 + g % 200 end, 1 + g % 500, 1 + g % 5,
    case g % 2 when 0 then 'buy' else 'sell' end, case g % 2 when 0 then 'opening' else 'closing' end,
    case g % 2 when 0 then 'opening' else 'closing' end, 1 + g % 1000,
    round((10 + random() * 500)::numeric, case g % 10 when 0 then 4 else 2 end),
    case g % 4 when 0 then 0 else 1.25 end, round(random()::numeric, 4), '2026-01-05', 1, 1, g / 1000
from generate_series(1, {rows}) g
"""
BARS = """
insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume,
    previous_close, previous_close_at, is_empty, event_id)
select g % 500 + 1, '1m', at, 1, o, o + 1.25, o - 1.5, o + 0.25, g::bigint * 7919 % 100000, o,
    at - interval '1 minute', false, g / 1000
from (
    select g, timestamptz '2026-01-01 00:00+0' + g / 500 * interval '1 minute' as at,
        round((10 + random() * 500)::numeric, 2) as o
    from generate_series(1, {rows}) g
) as rows
"""
TABLES = {"trading.trades": TRADES, "market.bars": BARS}


class Run(NamedTuple):
    """One measurement."""

    seconds: float
    cpu: float
    megabytes: float
    result: Any


def measure(bench: Bench) -> Iterator[Result]:
    rows = bench.pick(200_000, 2_000_000)
    with tempfile.TemporaryDirectory() as place, bench.database() as target:
        _with(target, ensure_log)
        _with(target, lambda conn: conn.execute(DIMENSIONS))
        for table in TABLES:
            yield from _rates(bench, target, place, table, rows)
            yield from _ways(bench, target, place, table, rows)


# -- there and back --------------------------------------------------------------------------------


def _rates(bench: Bench, target: Target, place: str, table: str, rows: int) -> Iterator[Result]:
    bench.tell(f"{table}, there and back")
    little, all_ = (_there_and_back(target, place, table, n) for n in (rows // 4, rows))
    for what, wanted in (("archive", ARCHIVE_TARGET), ("restore", RESTORE_TARGET)):
        rates = [rows / run.seconds for run in all_[what]]
        yield Result(f"{what} {table}", "rows/s", rates, aim=at_least(wanted))
        peaks, before = ([run.megabytes for run in found[what]] for found in (all_, little))
        name, against = f"{what} {table}, peak of memory", "a quarter of the rows"
        yield Result(name, "MB", peaks, before, against, at_most(FLAT_TARGET))


def _there_and_back(target: Target, place: str, table: str, rows: int) -> dict[str, list[Run]]:
    """Each time the table is made anew, for what was archived is not archived again."""
    runs: dict[str, list[Run]] = {"archive": [], "restore": []}
    partition = f"{table}_p20260101"
    for _ in range(ROUNDS):
        _with(target, lambda conn: _fill(conn, table, rows))
        archived = _alone(_archive, target.conninfo, table, partition, place)
        _with(target, lambda conn: _drop(conn, table, partition))
        runs["archive"].append(archived)
        runs["restore"].append(_alone(_restore, target.conninfo, archived.result))
        _with(target, lambda conn: _drop(conn, table, partition))
        _with(target, lambda conn: conn.execute("delete from ops.archives"))
    return runs


def _archive(conninfo: str, table: str, partition: str, place: str) -> int:
    with connect(conninfo, autocommit=True) as conn:
        return archive(conn, table, partition, place).archive_id


def _restore(conninfo: str, archive_id: int) -> int:
    with connect(conninfo, autocommit=True) as conn:
        return restore(conn, archive_id).archive_id


# -- ways of reading -------------------------------------------------------------------------------


def _ways(bench: Bench, target: Target, place: str, table: str, rows: int) -> Iterator[Result]:
    ways: dict[str, Callable[..., int]] = {"binary, by hand": _by_hand, "CSV by pyarrow": _by_csv}
    if find_spec("adbc_driver_postgresql"):
        ways["ADBC"] = _by_adbc
    _with(target, partial(_fill, table=table, rows=rows))
    path = f"{place}/way.parquet"

    def rate(work: Callable[..., int]) -> float:
        return rows / _alone(work, target.conninfo, table, path).seconds

    found = bench.turns({way: partial(rate, work) for way, work in ways.items()}, ROUNDS)
    _with(target, partial(_drop, table=table, partition=f"{table}_p20260101"))
    ours, *others = found
    for other in others:
        name = f"{table} to Parquet, beside {other}"
        yield Result(name, "rows/s", found[ours], found[other], other)


def _by_hand(conninfo: str, table: str, path: str) -> int:
    with connect(conninfo, autocommit=True) as conn, snapshot(conn):
        relation, carried, key = _carried(conn, table)
        with sent(conn, copy_out(carried, key, True, relation)) as chunks:
            written = write(folder(f"{path}.folder"), carried, key, chunks)
        return sum(file.bytes for file in written.files)


def _by_csv(conninfo: str, table: str, path: str) -> int:
    with connect(conninfo, autocommit=True) as conn, snapshot(conn):
        relation, carried, key = _carried(conn, table)
        schema, _ = schemas(carried)
        order = sql.SQL(", ").join(map(sql.Identifier, key))
        statement = sql.SQL("copy (select * from {} order by {}) to stdout (format csv)")
        with (
            parquet(path, schema, key) as writer,
            conn.cursor() as cursor,
            cursor.copy(statement.format(relation, order)) as copy,
        ):
            rows = map(bytes, copy)
            while held := list(islice(rows, CSV_ROWS)):
                writer.write_table(_parsed(held, schema))
    return Path(path).stat().st_size


def _parsed(rows: Sequence[bytes], schema: pa.Schema) -> pa.Table:
    return pyarrow.csv.read_csv(
        pa.BufferReader(b"".join(rows)),
        read_options=pyarrow.csv.ReadOptions(column_names=schema.names),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=schema,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    ).cast(schema)


def _by_adbc(conninfo: str, table: str, path: str) -> int:
    dbapi = import_module("adbc_driver_postgresql.dbapi")

    with connect(conninfo, autocommit=True) as conn, snapshot(conn):
        relation, carried, key = _carried(conn, table)
        order = ", ".join(key)
        statement = f"select * from {relation.as_string(conn)} order by {order}"
    schema, _ = schemas(carried)
    with dbapi.connect(Target(conninfo, "bench").url()) as conn, conn.cursor() as cursor:
        cursor.execute(statement)
        with parquet(path, schema, key) as writer:
            for batch in cursor.fetch_record_batch():
                cast = [
                    column.cast(field.type)
                    for column, field in zip(batch.columns, schema, strict=True)
                ]
                writer.write_table(pa.Table.from_arrays(cast, schema=schema))
    return Path(path).stat().st_size


def _carried(conn: Connection[Any], table: str) -> tuple[sql.Identifier, list[Carried], list[str]]:
    relation = sql.Identifier(*f"{table}_p20260101".split("."))
    carried = carry(conn, relation, columns(conn, relation))
    return relation, carried, [each.name for each in Base.metadata.tables[table].primary_key]


# -- tables ----------------------------------------------------------------------------------------


def _fill(conn: Connection[Any], table: str, rows: int) -> None:
    ensure(conn, Base.metadata.tables[table], START, START + timedelta(days=31))
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute(f"alter table {table} disable trigger user")
        conn.execute(sql.SQL(TABLES[table]).format(rows=sql.Literal(rows)))
    conn.execute(f"vacuum analyze {table}_p20260101")


def _drop(conn: Connection[Any], table: str, partition: str) -> None:
    conn.execute(f"alter table {table} detach partition {partition}")
    conn.execute(f"drop table {partition}")
    conn.execute("checkpoint")


def _with(target: Target, work: Callable[[Connection[Any]], Any]) -> None:
    with connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        work(conn)


def _alone(work: Callable[..., Any], *arguments: Any) -> Run:
    """Measure in a process that has done nothing before but to import."""
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload([__spec__.name])
    with ProcessPoolExecutor(1, mp_context=forked) as pool:
        return pool.submit(_measured, work, arguments).result()


def _measured(work: Callable[..., Any], arguments: Sequence[Any]) -> Run:
    began, cpu = time.perf_counter(), time.process_time()
    result = work(*arguments)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return Run(seconds, used, _peak(), result)


def _peak() -> float:
    """In MB. What getrusage tells of a new process begins with its parent's peak."""
    (told,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    return int(told.split()[1]) / 1024


if __name__ == "__main__":
    run(measure)
