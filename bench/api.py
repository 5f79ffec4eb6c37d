"""How fast are reports answered, beside the bare server, the bare statement and an ORM, in one run?

`python -m bench.api [--scale small|large]`. Needs wrk (which sends the requests) and pgbench. Rates are
of 16 clients and one worker, the database and the clients on the same machine. What they are beside is
in bench/api_baseline.py; the constant body is a route's of FastAPI, on the same server. Cached reports
are recorded like all others: one commit, shared by those who wait, before each answer. Each client has a
key of its own; those of one key who ask the same at once share a read, which has a line of its own. What
recording makes of a constant body, uvicorn of one without a framework, and the driver of a read, has no
aim: it says how much of a distance is theirs.
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
from bench import reports
from bench.clients import API as SERVER
from bench.clients import Served, served
from bench.demo import demo
from bench.measure import Aim, Bench, Result, at_least, at_most, run, seconds
from warehouse.access import API
from warehouse.db import keys as key_ring
from warehouse.db.target import Target

ROUNDS, SECONDS, CLIENTS = 5, 1, 16
INSTRUMENTS = """
insert into reference.instruments (symbol, asset_type, exchange, currency, company_name)
select 'S' || n, 'equity', 'XNYS', 'USD', 'Company ' || n from generate_series(1, %s) as n
"""
# Each client has a key of its own, for twins of one key would share a read.
WRK_SCRIPT = """
local paths, keys, at = {%s}, {%s}, 0
request = function()
    at = at + 1
    local path = paths[math.floor(at / #keys) %% #paths + 1]
    return wrk.format("GET", path, {Authorization = "Bearer " .. keys[at %% #keys + 1]})
end
"""


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database(demo) as target:
        keys = [key_of_all(target) for _ in range(CLIENTS)]
        with connect(**target.keywords()) as conn:
            accounts = [a for (a,) in conn.execute("select account_hash from reference.accounts")]
        other = (sys.executable, "-m", "bench.api_baseline")
        with (
            served(SERVER) as cached,
            served(SERVER, WAREHOUSE_API_CACHE_MEGABYTES="0") as uncached,
            served((*other, "constant", "{port}")) as constant,
            served((*other, "recorded", "{port}")) as recorded,
            served((*other, "framework", "{port}")) as framework,
            served((*other, "driver", "{port}")) as driver,
            served((*other, "orm", "{port}")) as orm,
        ):
            history = ["/v1/portfolios/1/history?limit=50"]
            summaries = [f"/v1/accounts/{account}/summary" for account in accounts]
            found = bench.turns(
                {
                    "constant": lambda: rate(constant, ["/"], keys),
                    "recorded": lambda: rate(recorded, ["/"], keys),
                    "framework": lambda: rate(framework, ["/"], keys),
                    "cached": lambda: rate(cached, history, keys),
                    "uncached": lambda: rate(uncached, history, keys),
                    "bare": lambda: rate(driver, history, keys),
                    "twins": lambda: rate(uncached, history, keys[:1]),
                    "orm": lambda: rate(orm, history, keys),
                    "single": lambda: rate(uncached, summaries, keys),
                    "driver": lambda: rate(driver, summaries, keys),
                    "pgbench": lambda: pgbench(target, accounts),
                },
                ROUNDS,
                warm=1,
            )
            yield _compared("50 rows from memory", found, "cached", "framework", at_least(0.6))
            yield _compared("a constant body that is recorded", found, "recorded", "framework")
            yield _compared("a constant body by uvicorn alone", found, "constant", "framework")
            yield _compared("50 rows read", found, "uncached", "orm", at_least(6))
            yield _compared("50 rows by the driver alone", found, "bare", "orm")
            yield _compared("50 rows read by 16 of one key at once", found, "twins", "orm")
            yield _compared("one row read", found, "single", "pgbench", at_least(0.5))
            yield _compared("one row by the driver alone", found, "driver", "pgbench")
            yield from large(bench, target, cached, keys[0])
        bench.tell("every report")
        yield from reports.together(*reports.asked(target, bench.pick(5, 30)))


def _compared(
    name: str, found: dict[str, list[float]], ours: str, against: str, aim: Aim | None = None
) -> Result:
    return Result(name, "requests/s", found[ours], found[against], against, aim)


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


def rate(api: Served, paths: Sequence[str], keys: Sequence[str]) -> float:
    """Requests a second that were answered with 200."""
    quoted = tuple(", ".join(f'"{each}"' for each in listed) for listed in (paths, keys))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT % quoted)
        script.flush()
        command = ("wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script.name)
        told = run_([*command, f"http://127.0.0.1:{api.port}"])
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
        terms = key_ring.Terms("bench", ["read"], concurrency_limit=1000)
        return key_ring.create(conn, terms, key_ring.Grants(everything=True)).text


if __name__ == "__main__":
    run(measure)
