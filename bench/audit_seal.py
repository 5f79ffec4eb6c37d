"""How fast the log is sealed and verified, against how fast rows come in.

`python -m bench.audit_seal [--scale small|large]`. Loads write
trades as ingest does; sealing and verifying alternate with them in one run. Sealing keeps up when it
is faster than what comes in at 100,000 rows/s; verifying reads over two connections. Single-row events
are told beside: there the events cost, not the rows. CPU is told too, for it says more than the clock
where others work on the same machine.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection, connect

from bench.measure import Bench, Result, at_least, run
from bench.partitions_archive import DIMENSIONS
from warehouse.audit.heads import Keys, fingerprint
from warehouse.audit.seal import seal_next, sealing
from warehouse.audit.verify import verify
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

ROUNDS = 3
SEAL_TARGET, VERIFY_TARGET = 100_000, 300_000
TRADES = """
insert into trading.trades (account_id, executed_at, instrument_id, strategy_id, side,
    position_effect, trade_type, quantity, price, commission, fees, settlement_date, source_id)
select 1 + g %% 200, timestamptz '2026-01-01 00:00+0' + g * interval '1 millisecond', 1 + g %% 500,
    1 + g %% 5, case g %% 2 when 0 then 'buy' else 'sell' end,
    case g %% 2 when 0 then 'opening' else 'closing' end,
    case g %% 2 when 0 then 'opening' else 'closing' end, 1 + g %% 1000,
    round((10 + random() * 500)::numeric, 2), 1.25, round(random()::numeric, 4), '2026-01-05', 1
from generate_series(%(first)s::bigint, %(first)s + %(rows)s - 1) as g
"""


class Run(NamedTuple):
    """One measurement, in seconds: by the clock, of our CPU and of the CPU of the connection's backend."""

    seconds: float
    ours: float
    server: float


def measure(bench: Bench) -> Iterator[Result]:
    key = Ed25519PrivateKey.generate()
    trusted = {fingerprint(key.public_key()): key.public_key()}
    with bench.database() as target, _opened(target) as conn:
        conn.execute("set max_parallel_workers_per_gather = 0")  # their CPU would be missed
        _prepare(conn)
        _seal(conn, key, trusted)
        for name, rows, load in (
            ("rows of loads", bench.pick(100_000, 2_000_000), 50_000),
            ("rows written singly", bench.pick(1_000, 20_000), 1),
        ):
            yield from _rates(bench, target, conn, key, name, rows, load)


def _rates(
    bench: Bench,
    target: Target,
    conn: Connection[Any],
    key: Ed25519PrivateKey,
    name: str,
    rows: int,
    load: int,
) -> Iterator[Result]:
    trusted = {fingerprint(key.public_key()): key.public_key()}
    runs: dict[str, list[Run]] = {"load": [], "seal": [], "verify": []}
    for number in range(ROUNDS):
        bench.tell(f"{name}, {number + 1} of {ROUNDS}")
        since = datetime.now(UTC)
        runs["load"].append(_run(conn, _load, conn, rows, load))
        conn.execute("vacuum analyze trading.trades")
        runs["seal"].append(_run(conn, _seal, conn, key, trusted))
        runs["verify"].append(_run(conn, _verify, target, trusted, since, rows))
    aims = {"seal": at_least(SEAL_TARGET), "verify": at_least(VERIFY_TARGET)} if load > 1 else {}
    for what, found in runs.items():
        rates = [rows / run.seconds for run in found]
        yield Result(f"{what}, {name}", "rows/s", rates, aim=aims.get(what), note=_cpu(found, rows))


def _cpu(runs: Sequence[Run], rows: int) -> str:
    ours, server = (
        statistics.median(each) / rows * 1e6 for each in list(zip(*runs, strict=True))[1:]
    )
    return f"a row takes {ours:.2f} µs of our CPU and {server:.2f} µs of its backend's"


def _run(conn: Connection[Any], work: Callable[..., None], *arguments: Any) -> Run:
    began, ours, server = time.perf_counter(), time.process_time(), _server_cpu(conn)
    work(*arguments)
    ended = time.perf_counter(), time.process_time(), _server_cpu(conn)
    return Run(*(late - early for late, early in zip(ended, (began, ours, server), strict=True)))


def _server_cpu(conn: Connection[Any]) -> float:
    """Seconds that the connection's backend has worked, where it runs on this machine."""
    stat = Path(f"/proc/{conn.info.backend_pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _load(conn: Connection[Any], rows: int, load: int) -> None:
    for first in range(0, rows, load):
        with conn.transaction():
            # As bulk loads do: the dimensions are checked set-wise, the audit triggers fire always.
            conn.execute("set local session_replication_role = replica")
            conn.execute(TRADES, {"first": first, "rows": load})


def _seal(conn: Connection[Any], key: Ed25519PrivateKey, trusted: Keys) -> None:
    with sealing(conn):
        while sealed := seal_next(conn, key, trusted):
            assert not sealed.doubts


def _verify(target: Target, trusted: Keys, since: datetime, rows: int) -> None:
    report = verify(lambda: _opened(target), trusted, since)
    assert not report.findings
    assert report.rows >= rows


def _prepare(conn: Connection[Any]) -> None:
    conn.execute(DIMENSIONS)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    ensure(conn, Base.metadata.tables["trading.trades"], start, end)


def _opened(target: Target) -> Connection[Any]:
    return connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


if __name__ == "__main__":
    run(measure)
