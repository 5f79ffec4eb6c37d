"""Looks at how the server answers: the plan of every report's body and of every mart's statement.

What a plan must not do is told in bench/plan_rules.py; `warehouse bench plans` prints them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from psycopg import Connection, sql
from psycopg.rows import dict_row
from pydantic.fields import FieldInfo

from api.asking import asked
from api.reports import Report
from api.routes.nouns import REPORTS
from bench.plan_rules import Facts, Plan, Window, faults
from warehouse.db import keys
from warehouse.errors import WarehouseError

# A function's plan hides behind its scan, so auto_explain tells what its body was run with.
NESTED = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_format = json;
set auto_explain.log_level = notice
"""
MEASURED = "set auto_explain.log_analyze = on; set auto_explain.log_buffers = on"
EXPLAIN = "explain (analyze, buffers, format json) "
# A fact names the event of its write, and so do its partitions.
FACTS = """
select
    c.relname,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([^'']+)''')::timestamptz,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''([^'']+)''')::timestamptz
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attname = 'event_id'
where
    c.relkind in ('r', 'p')
    and c.relnamespace::regnamespace::text in ('market', 'trading', 'portfolio', 'audit', 'risk')
"""
# Whose and which a report is asked for: those there is most of.
ASKED_FOR = """
select
    (select api_key_id from ops.api_keys order by api_key_id desc limit 1) as key,
    a.account_hash as account,
    (select min(h.portfolio_id) from portfolio.portfolio_accounts as h
     where h.account_id = a.account_id) as portfolio,
    b.instrument_id, o.underlying_id, o.expiration_date as expiration, q.at, '1m' as interval,
    b.day, b.day as "from", b.day + interval '1 day' as "to",
    (select max(e.event_id) from audit.events as e) as event_id
from (
    select account_id from trading.trades group by account_id order by count(*) desc limit 1
) as t
join reference.accounts as a on a.account_id = t.account_id
cross join (
    select instrument_id, date_trunc('day', max(bar_at)) as day from market.bars
    where frequency = '1m' group by instrument_id order by count(*) desc limit 1
) as b
cross join (
    select underlying_id, max(expiration_date) as expiration_date from market.option_contracts
    group by underlying_id order by count(*) desc limit 1
) as o
cross join (select max(snapshot_at) as at from market.option_quotes) as q
"""
MARTS = """
select schemaname || '.' || matviewname as relation, definition from pg_matviews
where schemaname in ('marts', 'rollups') order by 1
"""
ROLLUPS = """
select relation, logic_view, time_column from ops.rollups where environment = 'prod' order by 1
"""

# What is wrong with these is known, and why it stays.
BARS_AFTER = "a session may end on the day after its own, so bars of one more day are looked for"
KNOWN = {
    "report market_indicator_history by instrument_id, from, to, custom plan": BARS_AFTER,
    "report market_indicator_history by instrument_id, from, to, generic plan": BARS_AFTER,
    "mart marts.institutional_ownership": "it shows every holder there is, so it reads all of them",
    "mart marts.portfolio_exposure": "groups are made of what a function computes, of which there are no"
    " statistics; nothing is planned upon their number",
    "rollup rollups.fx_rates_daily, its newest day": "a pair and its source go together, and both come of"
    " a subquery, of which there are no statistics; the table has a few thousand rows",
    "rollup rollups.latest_option_quote, its newest day": "underlying, source and day go together, and"
    " one lookup for each underlying is the best plan",
}


class NothingToExplain(WarehouseError):
    """The database has no trades, bars, quotes or marts; `warehouse demo load` and `build` make some."""


@dataclass(frozen=True)
class Explained:
    """A statement's plans, and what is wrong with them."""

    name: str
    plans: list[Plan]
    faults: list[str] = field(default_factory=list)

    @property
    def known(self) -> str:
        """Why its faults stay, if that is known."""
        return KNOWN.get(self.name, "")

    @property
    def milliseconds(self) -> float:
        return sum(float(plan.get("Actual Total Time", 0)) for plan in self.plans)


def explained(conn: Connection[Any]) -> Iterator[Explained]:
    """All of them, run once each, and nothing left of it; as an administrator, who may see bodies' plans."""
    with conn.transaction(force_rollback=True):
        keys.create(conn, keys.Terms("plans", ["audit", "read"]), keys.Grants(everything=True))
        facts = read_facts(conn)
        values = conn.cursor(row_factory=dict_row).execute(ASKED_FOR).fetchone()
        if values is None:
            raise NothingToExplain
        for report in REPORTS:
            yield from _report(conn, report, values, facts)
        for relation, definition in conn.execute(MARTS).fetchall():
            yield _judged(f"mart {relation}", [_run(conn, definition.rstrip(";"))], facts)
        for relation, view, column in conn.execute(ROLLUPS).fetchall():
            yield _rollup(conn, relation, view, column, facts)


def read_facts(conn: Connection[Any]) -> Facts:
    rows = conn.execute(FACTS).fetchall()
    bounds = {name: (start, end) for name, start, end in rows if start and end}
    return Facts(frozenset(name for name, _, _ in rows), bounds)


def nested(conn: Connection[Any], statement: Any, values: Any = None) -> list[Plan]:
    """The plans of a statement and of the functions' bodies that it runs."""
    told: list[str] = []

    def hear(notice: Any) -> None:
        told.append(notice.message_primary or "")

    conn.add_notice_handler(hear)
    try:
        conn.execute(statement, values)
    finally:
        conn.remove_notice_handler(hear)
    return [json.loads(text[text.index("{") :])["Plan"] for text in told if "{" in text]


def _report(
    conn: Connection[Any], report: Report, values: Mapping[str, Any], facts: Facts
) -> Iterator[Explained]:
    """Planned for its values, and once for all values as a pooled connection soon has it."""
    conn.execute(NESTED)
    conn.execute(MEASURED)
    for asked_for in questions(report):
        statement, arguments = _call(report, {name: values[name] for name in asked_for}, values)
        window = (values["from"], values["to"]) if "from" in asked_for else None
        for mode in ("custom", "generic"):
            conn.execute(f"set local plan_cache_mode = force_{mode}_plan".encode())
            name = f"report {report.name} by {', '.join(asked_for) or 'nothing'}, {mode} plan"
            plans = nested(conn, statement, arguments)
            yield _judged(name, plans, facts, window, is_generic=mode == "generic")
    conn.execute("set local plan_cache_mode = auto; set auto_explain.log_min_duration = -1")


def questions(report: Report) -> Iterator[tuple[str, ...]]:
    """What must be asked, and that for a time."""
    fields = {field.alias or name: field for name, field in report.filters.model_fields.items()}
    required = tuple(sorted(name for name, field in fields.items() if field.is_required()))
    yield required
    if {"from", "to"} <= fields.keys() and "from" not in required:
        yield (*required, "from", "to")


def _call(
    report: Report, asked_for: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[sql.Composed, list[Any]]:
    subject = {report.subject.name: str(values[report.subject.name])} if report.subject else {}
    question = asked(report, subject, urlencode(written(report, asked_for)).encode())
    names = ["key_id", *report.arguments, *(["page_size"] if report.order else [])]
    given = sql.SQL(", ").join(sql.SQL("{} => %s").format(sql.Identifier(name)) for name in names)
    listed = [list(each) if isinstance(each, tuple) else each for each in question.arguments]
    page = [question.page_size] if report.order else []
    call = sql.SQL("select * from {}({})").format(sql.Identifier("api", report.name), given)
    return call, [values["key"], *listed, *page]


def written(report: Report, asked_for: Mapping[str, Any]) -> dict[str, str]:
    """A question as a query has it."""
    fields = {field.alias or name: field for name, field in report.filters.model_fields.items()}
    return {name: _text(value, fields[name]) for name, value in asked_for.items()}


def _text(value: Any, field: FieldInfo) -> str:
    if not isinstance(value, datetime):
        return str(value)
    takes_instants = "datetime.datetime" in repr(field.annotation)
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if takes_instants else f"{value:%Y-%m-%d}"


def _rollup(
    conn: Connection[Any], relation: str, view: str, column: str, facts: Facts
) -> Explained:
    """Its newest day, as one that has just come in."""
    last = conn.execute(
        sql.SQL("select date_trunc('day', max({})::timestamptz) from {}").format(
            sql.Identifier(column), sql.Identifier(*relation.split("."))
        )
    ).fetchone()
    scoped = conn.execute(
        "select ops.scoped_query(%s::regclass, %s, 'infinity', null)", [view, last and last[0]]
    ).fetchone()
    assert scoped
    return _judged(f"rollup {relation}, its newest day", [_run(conn, scoped[0])], facts)


def _run(conn: Connection[Any], statement: str) -> Plan:
    row = conn.execute(f"{EXPLAIN}{statement}".encode()).fetchone()
    assert row
    plan: Plan = row[0][0]["Plan"]
    return plan


def _judged(
    name: str,
    plans: list[Plan],
    facts: Facts,
    window: Window | None = None,
    *,
    is_generic: bool = False,
) -> Explained:
    found = [f for plan in plans for f in faults(plan, facts, window, is_generic=is_generic)]
    return Explained(name, plans, list(dict.fromkeys(found)))
