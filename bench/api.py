"""How fast are reports answered, beside the bare server, the bare statement and an ORM, in one run?

`python -m bench.api [--scale small|large]`. Needs wrk (which sends the requests) and pgbench. Rates are
of 16 clients and one worker, the database and the clients on the same machine. What they are beside is
in bench/api_baseline.py; the constant body is what uvicorn sends without a framework. Cached reports are
recorded like all others: one commit, shared by those who wait, before each answer. What FastAPI makes of
a constant body, and the driver of one row, has no aim: it says how much of a distance is theirs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.request import Request, urlopen

from psycopg import connect

from api import statements
from api.routes.nouns import REPORTS
from bench.clients import API as SERVER
from bench.clients import Served, ask, served
from bench.demo import demo
from bench.measure import Aim, Bench, Result, at_least, at_most, run, seconds
from warehouse.access import API
from warehouse.db import keys
from warehouse.db.target import Target

ROUNDS, SECONDS, CLIENTS = 5, 1, 16
INSTRUMENTS = """
insert into reference.instruments (symbol, asset_type, exchange, currency, company_name)
select 'S' || n, 'equity', 'XNYS', 'USD', 'Company ' || n from generate_series(1, %s) as n
"""
WRK_SCRIPT = """
local paths, at = {%s}, 0
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
"""


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database(demo) as target:
        key = key_of_all(target)
        with connect(**target.keywords()) as conn:
            accounts = [a for (a,) in conn.execute("select account_hash from reference.accounts")]
        other = (sys.executable, "-m", "bench.api_baseline")
        with (
            served(SERVER) as cached,
            served(SERVER, WAREHOUSE_API_CACHE_MEGABYTES="0") as uncached,
            served((*other, "constant", "{port}")) as constant,
            served((*other, "framework", "{port}")) as framework,
            served((*other, "driver", "{port}")) as driver,
            served((*other, "orm", "{port}")) as orm,
        ):
            positions = ["/v1/portfolios/1/positions?limit=50"]
            summaries = [f"/v1/accounts/{account}/summary" for account in accounts]
            found = bench.turns(
                {
                    "constant": lambda: rate(constant, ["/"], key),
                    "framework": lambda: rate(framework, ["/"], key),
                    "cached": lambda: rate(cached, positions, key),
                    "uncached": lambda: rate(uncached, positions, key),
                    "orm": lambda: rate(orm, positions, key),
                    "single": lambda: rate(uncached, summaries, key),
                    "driver": lambda: rate(driver, summaries, key),
                    "pgbench": lambda: pgbench(target, accounts),
                },
                ROUNDS,
                warm=1,
            )
            yield _compared("50 rows from memory", found, "cached", "constant", at_least(0.6))
            yield _compared("a constant body by FastAPI", found, "framework", "constant")
            yield _compared("50 rows read", found, "uncached", "orm", at_least(6))
            yield _compared("one row read", found, "single", "pgbench", at_least(0.5))
            yield _compared("one row by the driver alone", found, "driver", "pgbench")
            yield from mixed(bench, cached, summaries, key)
            yield from large(bench, target, cached, key)


def _compared(
    name: str, found: dict[str, list[float]], ours: str, against: str, aim: Aim | None = None
) -> Result:
    return Result(name, "requests/s", found[ours], found[against], against, aim)


def mixed(bench: Bench, api: Served, summaries: Sequence[str], key: str) -> Iterator[Result]:
    """Reports of every noun in turn."""
    paths = [
        *summaries,
        "/v1/portfolios",
        *(f"/v1/portfolios/1/{part}" for part in ("positions", "history", "risk", "exposure")),
        "/v1/portfolios/1/performance?from=2026-05-01",
        *(f"{path.removesuffix('summary')}trades?limit=50" for path in summaries),
        "/v1/market/latest?limit=50",
        "/v1/market/instruments?q=a&limit=50",
        "/v1/market/screener?filter=rsi_14:max:40&limit=50",
        "/v1/options/scan?max_days=30&limit=50",
    ]
    ask(api.port, paths, key, 2, 1)
    bench.tell("mixed")
    rounds = [ask(api.port, paths, key, 32, SECONDS) for _ in range(ROUNDS)]
    late = [each.percentile(0.95) * 1000 for each in rounds]
    wrong = sum(len(each.errors) for each in rounds)
    note = f"{wrong} were not answered" if wrong else ""
    yield Result("32 clients, mixed, 95th percentile", "ms", late, aim=at_most(100), note=note)
    slowest = [max(each.latencies) * 1000 for each in rounds]
    yield Result("32 clients, mixed, the slowest", "ms", slowest, aim=at_most(2000))


def large(bench: Bench, target: Target, api: Served, key: str) -> Iterator[Result]:
    """All instruments as Arrow, and by pages of JSON."""
    rows = bench.pick(100_000, 1_000_000)
    with connect(**target.keywords()) as conn:
        conn.execute(INSTRUMENTS, [rows])
    bench.tell("Arrow")
    found = bench.turns(
        {
            "Arrow": lambda: rows / seconds(lambda: read(api, "?format=arrow", key)),
            "JSON": lambda: 1000 / seconds(lambda: read(api, "?limit=1000", key)),
        },
        ROUNDS,
        warm=1,
    )
    name = f"{rows:,} rows as Arrow"
    yield Result(name, "rows/s", found["Arrow"], found["JSON"], "pages of JSON", at_least(5))
    yield Result(f"{name}: memory of the API", "MB", [api.memory()], aim=at_most(200))


def read(api: Served, query: str, key: str) -> None:
    url = f"http://127.0.0.1:{api.port}/v1/market/instruments{query}"
    with urlopen(Request(url, headers={"Authorization": f"Bearer {key}"})) as answer:
        while answer.read(1 << 20):
            pass


def rate(api: Served, paths: Sequence[str], key: str) -> float:
    """Requests a second that were answered with 200."""
    quoted = ", ".join(f'"{path}"' for path in paths)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT % quoted)
        script.flush()
        command = ("wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script.name)
        header = ("-H", f"Authorization: Bearer {key}")
        told = run_([*command, *header, f"http://127.0.0.1:{api.port}"])
    if "Non-2xx" in told:
        raise RuntimeError(f"{paths[0]} was not answered: {told}")
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])


def pgbench(target: Target, accounts: Sequence[str]) -> float:
    """The statement of an account's summary, prepared, as the API's role."""
    (report,) = (each for each in REPORTS if each.name == "account_summary")
    statement = statements.page(report, (), "none").replace("$1", "1")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(statement.replace("$2", f"'{accounts[0]}'") + ";\n")
        script.flush()
        options = f"-c role={API} -c timezone=UTC -c jit=off"
        environment = target.environment() | {"PGOPTIONS": options}
        where = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
        program = shutil.which("pgbench") or str(where[-1])
        flags = ("-n", "-M", "prepared", f"-c{CLIENTS}", f"-T{SECONDS}", "-f", script.name)
        told = run_([program, *flags], environment)
    return float(re.findall(r"tps = ([\d.]+)", told)[0])


def run_(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env=os.environ | (environment or {}), capture_output=True, text=True, check=True
    )
    return done.stdout


def key_of_all(target: Target) -> str:
    """A key that sees everything."""
    with connect(**target.keywords()) as conn:
        terms = keys.Terms("bench", ["read"], concurrency_limit=1000)
        return keys.create(conn, terms, keys.Grants(everything=True)).text


if __name__ == "__main__":
    run(measure)
