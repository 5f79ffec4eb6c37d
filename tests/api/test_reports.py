"""Each report's declaration says what its function is, and no plan of it reads a fact from end to end."""

import inspect
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from psycopg import Connection

from api import statements
from api.asking import Asked, asked
from api.reports import Report
from api.routes.nouns import REPORTS
from api.rows import Kind
from bench.plan_rules import nodes, whole
from bench.plans import NESTED, nested
from tests.api.world import EVENT, ONE, Tenant
from warehouse.db.reports import functions

TYPES = {
    Kind.KEY: {"bigint"},
    Kind.DECIMAL: {"numeric"},
    Kind.TEXT: {"text"},
    Kind.INTEGER: {"integer", "bigint", "smallint"},
    Kind.FLOAT: {"double precision"},
    Kind.BOOLEAN: {"boolean"},
    Kind.INSTANT: {"timestamp with time zone"},
    Kind.DAY: {"date"},
    Kind.NESTED: {"json", "jsonb", "text[]"},
}
# What every function of schema api is that no route declares.
HELPERS = {
    "authenticate",
    "generation_of",
    "generations",
    "mart_lags",
    "merkle_path",
    "readiness",
    "screened",
    "sees_account",
    "sees_portfolio",
}
SIGNATURE = """
select
    array(select format_type(t, null) from unnest(p.proallargtypes) as t) as types,
    p.proargnames as names,
    array(select m::text from unnest(p.proargmodes) as m) as modes
from pg_proc as p
where p.pronamespace = 'api'::regnamespace and p.proname = %s
"""
# A fact names the event of its write; the log of events is one too.
FACTS = """
select c.relname from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attname = 'event_id'
where
    c.relkind in ('r', 'p') and not c.relispartition
    and c.relnamespace::regnamespace::text in ('market', 'trading', 'portfolio', 'audit', 'risk')
"""

each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)


def test_every_function_is_a_report_or_a_helper_and_every_report_has_one() -> None:
    assert {f.name for f in functions()} - HELPERS == {report.name for report in REPORTS}


def test_names_and_paths_stand_once() -> None:
    assert len({report.name for report in REPORTS}) == len(REPORTS)
    assert len({report.url for report in REPORTS}) == len(REPORTS)


def test_declarations_are_what_the_functions_are(conn: Connection[Any]) -> None:
    for report in REPORTS:
        row = conn.execute(SIGNATURE, [report.name]).fetchone()
        assert row, report.name
        types, names, modes = row
        taken = [name for name, mode in zip(names, modes, strict=True) if mode == "i"]
        paged = [*report.positions, "page_size"] if report.order else []
        assert taken[0] == "key_id", report.name
        assert set(taken[1:]) == {*report.arguments, *paged}, report.name
        given = {n: t for n, t, m in zip(names, types, modes, strict=True) if m == "t"}
        assert list(given) == list(report.columns), report.name
        wrong = {n: t for n, t in given.items() if t not in TYPES[report.columns[n]]}
        assert wrong == {}, report.name


@each_report
def test_every_field_of_a_row_is_named_and_its_model_explained(report: Report) -> None:
    assert report.summary.endswith(".")
    assert inspect.getdoc(report.row)
    assert all(column in report.columns for column in report.order)


def test_no_report_reads_a_fact_from_end_to_end(
    world: None, conn: Connection[Any], key: str
) -> None:
    """A function's plan hides behind its scan, so the server tells what its body was run with."""
    facts = {name for (name,) in conn.execute(FACTS)}
    conn.execute(NESTED)
    conn.execute("set enable_seqscan = off")  # two rows are read whole, whatever indexes there are
    (key_id,) = conn.execute("select max(api_key_id) from ops.api_keys").fetchone() or (0,)
    for report in REPORTS:
        plans = nested(conn, *call(report, key_id))
        assert len(plans) > 1, report.name
        scanned = {
            each.get("Relation Name", "")
            for plan in plans
            for each, _ in nodes(plan)
            if whole(each)
        }
        read = {name for name in scanned if name in facts or name.rpartition("_p")[0] in facts}
        assert not read, f"{report.name} scans {read}"


def call(report: Report, key_id: int, tenant: Tenant = ONE) -> tuple[bytes, list[object]]:
    """A report's function, called as the API would, for a page after the first.

    Its sort key begins so low, or so high, that nothing is left out.
    """
    question = asked_of(report, tenant)
    first = report.columns[report.order[0]] if report.order else None
    downwards = first is Kind.INSTANT and report.name != "market_bars"
    after = {
        Kind.KEY: 2**62 if downwards else 1,
        Kind.INSTANT: datetime(2999 if downwards else 2000, 1, 1, tzinfo=UTC),
        Kind.TEXT: "",
        Kind.DAY: date(2000, 1, 1),
        Kind.DECIMAL: Decimal(0),
    }
    names = ["key_id", *report.arguments, *report.positions]
    position = [after[report.columns[column]] for column in report.order]
    given_ = [list(each) if isinstance(each, tuple) else each for each in question.arguments]
    values = [key_id, *given_, *position]
    given = ", ".join(f"{name} => %s" for name in names)
    if report.order:
        given, values = f"{given}, page_size => %s", [*values, 100]
    return f"select count(*) from api.{report.name}({given})".encode(), values


def asked_of(report: Report, tenant: Tenant) -> Asked:
    url = httpx.URL(address(report, tenant))
    subject = {"account": tenant.account, "portfolio": str(tenant.number)}
    path = {report.subject.name: subject[report.subject.name]} if report.subject else {}
    return asked(report, path, url.query)


@each_report
def test_a_statement_is_the_same_text_for_the_same_question(report: Report) -> None:
    """So that the server plans it once a connection."""
    assert statements.page(report, (), "none") is statements.page(report, (), "none")


async def test_every_report_answers(client: httpx.AsyncClient, world: None) -> None:
    for report in REPORTS:
        answer = await client.get(address(report))
        assert answer.status_code == 200, (report.name, answer.text)
        rows = answer.json()["data"]
        assert rows, f"{report.name} has nothing to show; give it a row in tests/api/world.py"
        shown = rows if isinstance(rows, list) else [rows]
        for row in shown:
            assert list(row) == list(report.columns)
            report.row.model_validate(json.loads(json.dumps(row)))


def address(report: Report, tenant: Tenant = ONE, **more: str) -> str:
    """A request for the report, of a tenant's things where it is about somebody's."""
    values = {"account": tenant.account, "portfolio": tenant.number}
    needed = {
        name: NEEDED[name]
        for name, field in report.filters.model_fields.items()
        if field.is_required()
        for name in [field.alias or name]
    }
    query = httpx.QueryParams(needed | more)
    return f"{report.url.format(**values)}?{query}"


# What the documentation says must be given, by its name in the query.
NEEDED = {
    "at": "2026-01-05T20:00:00Z",
    "day": "2026-01-05",
    "event_id": str(EVENT + 1),
    "expiration": "2026-01-16",
    "instrument_id": "501",
    "underlying_id": "501",
    "interval": "1m",
    "from": "2026-01-05T00:00:00Z",
    "to": "2026-01-06T00:00:00Z",
}
