"""`dbt build` makes the marts, keeps their identity, swaps in what changed, and leaves the rest alone."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import connect

from tests.conftest import cloned
from tests.dbt.conftest import Edit, polled, prepared
from warehouse.db.target import Target
from warehouse.refresh.build import BuildError, build

POSITIONS = "marts/portfolio/portfolio_positions"
FUNDAMENTALS = "marts/market/fundamentals_latest"
ONLY_POSITIONS = ["--select", "portfolio_positions"]
MARTS = ["--select", "+portfolio_concentration", "+fundamentals_latest"]
WITH_READERS = ["--select", "portfolio_positions", "portfolio_concentration"]
VIEW = (
    "set role warehouse_build; create view marts.watched with (security_barrier)"
    " as select * from marts.portfolio_positions"
)
LAST_TRADE_AT = (
    "- name: last_trade_at\n        data_type: timestamp with time zone\n"
    "        description: \"{{ doc('last_trade_at') }}\"\n"
)


def select(target: Target, query: str) -> list[tuple[Any, ...]]:
    with connect(**target.keywords()) as conn:
        return conn.execute(query.encode()).fetchall()


def execute(target: Target, statement: str) -> None:
    with connect(**target.keywords()) as conn:
        conn.execute(statement.encode())


def identities(target: Target, schemas: str = "%") -> dict[str, int]:
    """Every relation of ours, by its oid: what is dropped and made anew has another."""
    rows = select(
        target,
        "select c.oid::regclass::text, c.oid from pg_class c join pg_namespace n"
        f" on n.oid = c.relnamespace where n.nspname like '{schemas}' and n.nspname !~ '^pg_|^inf'",
    )
    return dict(rows)


@pytest.fixture(scope="module")
def made(server: Target, template: str, written: Path) -> Iterator[str]:
    """The marts, and one more view on one of them."""

    def make(target: Target) -> None:
        build(target, MARTS)
        execute(target, VIEW)

    with prepared(server, template, written, make) as name:
        yield name


@pytest.fixture
def built(server: Target, made: str) -> Iterator[Target]:
    with cloned(server, made) as target:
        yield target


def test_the_marts_hold_the_expected_numbers(built: Target) -> None:
    assert select(
        built,
        "select account_id, symbol, mark_price, market_value, cost_basis, unrealized_pnl, fx_rate,"
        " market_value_base, realized_pnl_base from marts.portfolio_positions order by 1, 2",
    ) == [
        (1, "ACME", *map(Decimal, ("101.5", "1015", "1000.1", "14.9", "1", "1015", "-3.5"))),
        (
            1,
            "ACME  270115C00150000",
            *map(Decimal, ("3.05", "-610", "-820", "210", "1", "-610", "0")),
        ),
        (1, "DARK", None, None, Decimal(14), None, Decimal(1), None, Decimal(0)),
        (2, "ACME", *map(Decimal, ("101.5", "50.75", "50", "0.75", "0.8", "40.6", "2"))),
    ]
    assert select(
        built,
        "select symbol, source_name, as_of::text, market_cap, beta from marts.fundamentals_latest",
    ) == [
        ("ACME", "first", "2026-01-06", Decimal(1000), 1.1),
        ("DARK", "second", "2026-01-02", Decimal(30), None),
    ]


def test_a_build_refreshes_in_place_while_someone_reads_and_sets_grants_right(
    built: Target, project: Path
) -> None:
    before = identities(built)
    execute(built, "update reference.daily_marks set close = 102 where day = '2026-01-06'")
    execute(built, "grant select on marts.portfolio_positions to warehouse_write")
    with connect(**built.keywords()) as reader:
        reader.execute("select from marts.portfolio_positions")  # its lock stays until the end
        build(built.with_(options="-c lock_timeout=5s"), MARTS, project=project)
    assert identities(built) == before
    assert select(built, "select max(market_value) from marts.portfolio_positions") == [(1020,)]
    assert select(
        built,
        "select grantee::regrole::text from pg_class, aclexplode(relacl)"
        " where oid = 'marts.portfolio_positions'::regclass and grantee <> relowner order by 1",
    ) == [("warehouse_owner",), ("warehouse_read",)]


def test_readers_of_the_marts_may_select_and_nothing_else(built: Target) -> None:
    with connect(**built.keywords()) as conn:
        conn.execute("set role warehouse_read")
        assert conn.execute("select from marts.portfolio_positions").rowcount == 4
        assert not conn.execute(
            "select 1 where has_schema_privilege('staging', 'usage')"
            " or has_schema_privilege('marts', 'create')"
            " or has_table_privilege('marts.portfolio_positions', 'insert')"
        ).fetchall()


def test_a_changed_formula_keeps_the_mart_and_what_stands_on_it(
    built: Target, project: Path, edit: Edit
) -> None:
    before = identities(built)
    edit(f"{POSITIONS}.sql", ("realized_pnl * fx_rate as", "2 * realized_pnl * fx_rate as"))
    build(built, [*ONLY_POSITIONS, "--full-refresh"], project=project)
    assert identities(built) == before
    assert select(built, "select max(realized_pnl_base) from marts.watched") == [(4,)]


def test_changed_columns_are_swapped_in_under_what_stands_on_them(
    built: Target, project: Path, edit: Edit
) -> None:
    before = identities(built)
    edit(
        f"{POSITIONS}.sql",
        ("market_value - cost_basis as", "symbol as ticker,\n        market_value - cost_basis as"),
    )
    edit(
        f"{POSITIONS}.yml",
        (
            "      - name: unrealized_pnl\n",
            "      - name: ticker\n        data_type: text\n      - name: unrealized_pnl\n",
        ),
    )
    with polled(built, "select count(*), sum(quantity) from marts.portfolio_positions") as answers:
        build(built, ONLY_POSITIONS, project=project)
    assert answers == {(4, Decimal("15.5"))}
    after = identities(built)
    assert after.keys() == before.keys()
    assert after["marts.watched"] == before["marts.watched"]
    assert after["marts.portfolio_positions"] != before["marts.portfolio_positions"]
    assert select(built, "select ticker from marts.portfolio_positions where account_id = 2") == [
        ("ACME",)
    ]
    execute(built, "update trading.positions set quantity = 1 where account_id = 2")
    build(built, ONLY_POSITIONS, project=project)
    assert select(built, "select quantity from marts.watched where account_id = 2") == [(1,)]
    assert select(built, "select reloptions from pg_class where relname = 'watched'") == [
        (["security_barrier=true"],)
    ]


def test_a_view_that_cannot_stand_on_the_new_columns_is_left_where_it_stands(
    built: Target, project: Path, edit: Edit
) -> None:
    execute(built, "create view public.foreign_view as select * from marts.portfolio_positions")
    edit(
        f"{POSITIONS}.sql",
        ("        last_trade_at\n    from", "        fx_day as seen_on\n    from"),
    )
    seen_on = "- name: seen_on\n        data_type: date\n        description: Any.\n"
    edit(f"{POSITIONS}.yml", (LAST_TRADE_AT, seen_on))
    build(built, WITH_READERS, project=project)
    for view in ("marts.watched", "public.foreign_view"):
        assert select(built, f"select count(last_trade_at), count(*) from {view}") == [(0, 4)]

    edit(f"{POSITIONS}.sql", ("fx_day as seen_on", "mark_day as seen_at"))
    edit(f"{POSITIONS}.yml", ("- name: seen_on", "- name: seen_at"))
    with pytest.raises(BuildError, match=r"still read it: .*watched"):
        build(built, ONLY_POSITIONS, project=project)

    execute(built, "drop view marts.watched, public.foreign_view")
    build(built, WITH_READERS, project=project)
    assert not [name for name in identities(built) if "__previous" in name or "__next" in name]


def test_a_table_in_the_place_of_a_mart_is_left_alone(desk: Target, project: Path) -> None:
    execute(desk, "create schema marts authorization warehouse_build")
    execute(
        desk, "set role warehouse_build; create table marts.portfolio_positions as select 1 as x"
    )
    with pytest.raises(BuildError, match=r"portfolio_positions.* is a table"):
        build(desk, ["--select", "+portfolio_positions"], project=project)
    assert select(desk, "select x from marts.portfolio_positions") == [(1,)]


def test_a_column_goes_from_staging_to_mart_in_one_build(
    built: Target, project: Path, edit: Edit
) -> None:
    before = identities(built)
    gone = "      - name: company_name\n        data_type: text\n        description: \"{{ doc('company_name') }}\"\n"
    edit("staging/reference/stg_reference__instruments.sql", ("    company_name,\n", ""))
    edit("staging/reference/stg_reference__instruments.yml", (gone, ""))
    edit(f"{FUNDAMENTALS}.sql", ("        instruments.company_name,\n", ""))
    edit(f"{FUNDAMENTALS}.yml", (gone, ""))
    build(built, MARTS, project=project)
    after = identities(built)
    assert after.keys() == before.keys()
    assert after["marts.portfolio_positions"] == before["marts.portfolio_positions"]
    assert after["marts.watched"] == before["marts.watched"]


def test_changed_indexes_are_made_without_touching_the_mart(
    built: Target, project: Path, edit: Edit
) -> None:
    before = identities(built)
    edit(
        f"{POSITIONS}.sql",
        (
            "'unique': true},",
            "'unique': true},\n            {'columns': ['symbol', 'account_id']},",
        ),
    )
    build(built, ONLY_POSITIONS, project=project)
    name = "marts.portfolio_positions_symbol_account_id_idx"
    assert identities(built).keys() - before.keys() == {name}
    edit(f"{POSITIONS}.sql", ("['symbol', 'account_id']", "['account_id', 'symbol']"))
    build(built, ONLY_POSITIONS, project=project)
    assert identities(built).keys() - before.keys() == {
        "marts.portfolio_positions_account_id_symbol_idx"
    }
    assert before.items() <= identities(built).items()


def test_a_failing_model_is_named_and_the_old_mart_serves(
    built: Target, project: Path, edit: Edit
) -> None:
    before = identities(built)
    edit(f"{POSITIONS}.sql", ("positions.quantity,", "positions.amount as quantity,"))
    edit(
        f"{FUNDAMENTALS}.yml",
        (
            "- name: beta\n        data_type: double precision",
            "- name: beta\n        data_type: real",
        ),
    )
    with pytest.raises(BuildError) as raised:
        build(built, MARTS, project=project)
    message = str(raised.value)
    assert "portfolio_positions: column positions.amount does not exist" in message
    assert "fundamentals_latest: This model has an enforced contract that failed" in message
    assert identities(built) == before
    assert select(built, "select count(*) from marts.watched") == [(4,)]
