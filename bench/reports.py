"""How long does each report take, when many ask for all of them at once?

`python -m bench.reports` asks the API over the warehouse in force, as it stands: 32 clients, every report
in turn, of the accounts, portfolios and instruments that there is most of, and nothing from memory. It
prints Markdown, as docs/performance-reports.md has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from psycopg import Connection, connect
from psycopg.rows import dict_row

from api.reports import Report
from api.routes.nouns import REPORTS
from bench.clients import API, Answers, ask, served
from bench.machine import facts
from bench.measure import Result, at_most
from bench.plans import ASKED_FOR, NothingToExplain, questions, written
from bench.report import table
from warehouse.db import keys
from warehouse.db.target import Target, primary

CLIENTS, SECONDS, MOST = 32, 30, 50
P95 = 100
# Those with most trades and bars first.
SUBJECTS = """
select
    array(
        select a.account_hash from reference.accounts as a
        join (select account_id, count(*) as n from trading.trades group by account_id) as t
            on t.account_id = a.account_id
        order by t.n desc limit %(most)s
    ) as account,
    array(select p.portfolio_id from portfolio.portfolios as p order by 1 limit %(most)s) as portfolio,
    array(
        select b.instrument_id from market.bars as b where b.frequency = '1m'
        group by b.instrument_id order by count(*) desc limit %(most)s
    ) as instrument_id
"""
SIZES = "select (select count(*) from trading.trades), (select count(*) from market.bars)"


def paths(conn: Connection[Any]) -> dict[str, list[str]]:
    """How each report is asked for, by its name."""
    cursor = conn.cursor(row_factory=dict_row)
    values = cursor.execute(ASKED_FOR).fetchone()
    subjects = cursor.execute(SUBJECTS, {"most": MOST}).fetchone()
    if values is None or subjects is None:
        raise NothingToExplain
    every = [values | {name: of[n % len(of)] for name, of in subjects.items()} for n in range(MOST)]
    return {report.name: _of(report, every) for report in REPORTS}


def _of(report: Report, every: Sequence[Mapping[str, Any]]) -> list[str]:
    found = [
        f"{report.url.format_map(values)}?{urlencode(written(report, {n: values[n] for n in wanted}))}"
        for values in every
        for wanted in questions(report)
    ]
    return list(dict.fromkeys(found))


def asked(target: Target, seconds: int) -> tuple[dict[str, list[str]], Answers]:
    """All of them in turn, and once before, so that connections have planned them."""
    with connect(**target.keywords()) as conn:
        terms = keys.Terms("bench", ["audit", "read"], concurrency_limit=1000)
        key = keys.create(conn, terms, keys.Grants(everything=True)).text
        by_report = paths(conn)
    turns = [of[n % len(of)] for n in range(MOST) for of in by_report.values()]
    with served(API, WAREHOUSE_API_CACHE_MEGABYTES="0") as api:
        ask(api.port, turns, key, CLIENTS, seconds / 5)
        return by_report, ask(api.port, turns, key, CLIENTS, seconds)


def percentiles(by_report: Mapping[str, Sequence[str]], answers: Answers) -> dict[str, float]:
    """The 95th of each report that was answered, in ms, the slowest first."""
    taken = {
        name: sorted(chain.from_iterable(answers.by_path.get(path, []) for path in asked_for))
        for name, asked_for in by_report.items()
    }
    late = {name: 1000 * each[int(len(each) * 0.95)] for name, each in taken.items() if each}
    return dict(sorted(late.items(), key=lambda each: -each[1]))


def together(by_report: Mapping[str, Sequence[str]], answers: Answers) -> Iterator[Result]:
    """The report that takes longest, and the answer that did."""
    late, wrong = percentiles(by_report, answers), answers.errors
    if not late:
        raise RuntimeError(f"No report was answered; the first: {wrong[0]}")
    name, most = next(iter(late.items()))
    note = f"{len(late)} reports, {answers.rate:.0f} answers/s; of all it is {name}"
    yield Result("every report, 95th percentile at most", "ms", [most], aim=at_most(P95), note=note)
    slowest = 1000 * max(answers.latencies)
    told = f"{len(wrong)} were not answered, the first: {wrong[0]}" if wrong else ""
    yield Result("every report, the slowest answer", "ms", [slowest], aim=at_most(2000), note=told)


def document(target: Target) -> Iterator[str]:
    """What was asked of what, and how long each report took, in Markdown."""
    machine = facts(target)
    with connect(**target.keywords()) as conn:
        trades, bars = conn.execute(SIZES).fetchone() or (0, 0)
    by_report, answers = asked(target, SECONDS)
    yield "# Every report at once\n"
    yield "Printed by `python -m bench.reports`; not written by hand.\n"
    yield f"{CLIENTS} clients ask all reports in turn for {SECONDS} s; nothing is answered from memory.\n"
    yield f"- {trades:,} trades, {bars:,} bars"
    yield from (f"- {name}: {value}" for name, value in machine.items())
    yield ""
    yield from table(list(together(by_report, answers)))
    yield "\n| report | 95th percentile, ms |\n| --- | --- |"
    yield from (f"| {name} | {ms:.1f} |" for name, ms in percentiles(by_report, answers).items())


def main() -> None:
    print("\n".join(document(primary())))


if __name__ == "__main__":
    main()
