"""The SQL that asks for a report: one statement a page, the JSON made in the database, or a COPY.

Names come from the declarations and are checked by tests against the functions; values are parameters.
"""

from collections.abc import Sequence
from functools import cache

from api.reports import Report
from api.rows import Kind

COUNTED_AT_MOST = 10_000

# How far a replica is behind; null on a primary. One that has replayed all it was sent is not behind.
LAG = """case
        when not pg_is_in_recovery() then null
        when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
        else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::double precision
    end"""

JSON_FORMS = {Kind.KEY: "{}::text", Kind.DECIMAL: "{}::text"}
# The session's zone is UTC, so that all there is to add is what RFC 3339 wants.
CSV_FORMS = {Kind.INSTANT: "replace({}::text, ' ', 'T') || ':00'"}


@cache
def page(report: Report, fields: tuple[str, ...], count: str) -> str:
    """One row: the rows as JSON, how many they are, where they end, and how new they are."""
    size = _size_at(report)
    kept = f"where x.ordinality <= ${size}" if report.order else "where true"
    last = (
        f"max(json_build_array({', '.join(_last(report))})::text)"
        f" filter (where x.ordinality = ${size})"
        if report.order
        else "null::text"
    )
    # What has rows is seen: whether its subject may be is not asked once more.
    return f"""
select
    {_state(report)},
    page.*,
    page.rows > 0 or {_found(report)} as found,
    {_total(report, count)} as total
from (
    select
        coalesce(string_agg(row_to_json(r)::text, ',' order by x.ordinality) filter ({kept}), '') as data,
        count(*) as rows,
        {last} as position
    from {_call(report, f"${size} + 1")} with ordinality as x
    cross join lateral (select {_select(report, fields, JSON_FORMS)}) as r
) as page{_generation(report)}"""


@cache
def state(report: Report) -> str:
    """One row: whether its subject is seen, and how new what it reads is; a stream begins with it."""
    generation = _generation(report).replace("cross join", "from")
    return f"select {_state(report)}, {_found(report)} as found{generation}"


@cache
def rows(report: Report, fields: tuple[str, ...], form: str) -> str:
    """The rows themselves, for a COPY."""
    if form == "ndjson":
        select = f"select row_to_json(r)::text from {_call(report, f'${_size_at(report)}')} as x"
        return f"{select} cross join lateral (select {_select(report, fields, JSON_FORMS)}) as r"
    forms = CSV_FORMS if form == "csv" else {}
    return (
        f"select {_select(report, fields, forms)} from {_call(report, f'${_size_at(report)}')} as x"
    )


def _call(report: Report, size: str, positions: bool = True) -> str:
    named = ["key_id => $1"]
    named += [f"{name} => ${number}" for number, name in enumerate(report.arguments, 2)]
    if report.order:
        first = 2 + len(report.arguments)
        if positions:
            named += [f"{name} => ${n}" for n, name in enumerate(report.positions, first)]
        named.append(f"page_size => {size}")
    return f"api.{report.name}({', '.join(named)})"


def _size_at(report: Report) -> int:
    return 2 + len(report.arguments) + len(report.positions)


def _last(report: Report) -> Sequence[str]:
    return [f"x.{column}::text" for column in report.order]


def _select(report: Report, fields: tuple[str, ...], forms: dict[Kind, str]) -> str:
    return ", ".join(
        f"{forms.get(report.columns[name], '{}').format(f'x.{name}')} as {name}"
        for name in fields or report.columns
    )


def _found(report: Report) -> str:
    if report.subject is None:
        return "true"
    return f"api.{report.subject.check}(key_id => $1, {report.subject.name} => $2)"


def _total(report: Report, count: str) -> str:
    if count == "none" or not report.order:
        return "null::bigint"
    size = "null" if count == "exact" else str(COUNTED_AT_MOST)
    return f"(select count(*) from {_call(report, size, positions=False)})"


def _state(report: Report) -> str:
    new = "g.generation, g.as_of" if report.sources else "null::text as generation, now() as as_of"
    return f"{new}, {LAG} as lag"


def _generation(report: Report) -> str:
    if not report.sources:
        return ""
    listed = ", ".join(f"'{source}'" for source in report.sources)
    return f"\ncross join api.generation_of(array[{listed}]) as g"
