"""How much room a row takes: in the heap, in each index, and in an archive's Parquet.

`python -m bench.storage [--scale small|large]`. One month of trades and of minute bars in the order of
time, each a partition as the warehouse makes it; sizes do not vary, so there is one round.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg import Connection

from bench import market
from bench.measure import Bench, Result, at_most, run
from warehouse.partitions.apply import ensure_log
from warehouse.partitions.archive import archive

BRIN_TARGET = 0.001
SIZES = """
select i.relname, m.amname, pg_relation_size(i.oid)
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_am as m on m.oid = i.relam
where x.indrelid = %s::regclass
order by m.amname, i.relname
"""
DAYS = 31
ROWS = (500_000, 5_000_000)


def measure(bench: Bench) -> Iterator[Result]:
    rows = bench.pick(*ROWS)
    with bench.database() as target, market.opened(target) as conn:
        market.people(conn)
        ensure_log(conn)
        bench.tell("load")
        market.trades(conn, market.FIRST, DAYS, rows)
        market.bars(conn, market.FIRST, DAYS, rows // (DAYS * market.MINUTES))
        for table in ("trading.trades", "market.bars"):
            bench.tell(table)
            yield from _sizes(conn, table, f"{table}_p{market.FIRST:%Y%m%d}")


def _sizes(conn: Connection[Any], table: str, partition: str) -> Iterator[Result]:
    conn.execute(f"vacuum (freeze, analyze) {partition}".encode())
    found = conn.execute(
        f"select count(*), pg_relation_size('{partition}') from {partition}".encode()
    ).fetchone()
    assert found
    rows, heap = found
    note = f"{rows:,} rows, {heap / 2**20:,.0f} MB of heap"
    for name, method, size in conn.execute(SIZES, [partition]):
        column = name.removeprefix(partition.partition(".")[2]).strip("_")
        aim = at_most(BRIN_TARGET) if method == "brin" else None
        yield _share(f"{table}, {method} {column}", size, heap, rows, aim=aim)
    yield _share(f"{table}, Parquet", _archived(conn, table, partition), heap, rows, note=note)


def _share(name: str, size: int, heap: int, rows: int, **more: Any) -> Result:
    return Result(name, "bytes a row", [size / rows], [heap / rows], "the heap", **more)


def _archived(conn: Connection[Any], table: str, partition: str) -> int:
    with tempfile.TemporaryDirectory() as place:
        archive(conn, table, partition.partition(".")[2], Path(place).as_uri())
        return sum(file.stat().st_size for file in Path(place).rglob("*.parquet"))


if __name__ == "__main__":
    run(measure)
