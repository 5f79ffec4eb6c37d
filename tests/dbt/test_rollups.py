"""dbt makes rollups, keeps them through changes of their models, and refuses what cannot be one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import connect

from tests.conftest import cloned
from tests.dbt.conftest import Edit, polled, prepared
from tests.dbt.test_build import execute, identities, select
from warehouse.access import BUILD
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import build, run_dbt
from warehouse.refresh.runs import verify

FLOWS = "rollups/trading/trade_flows_daily"
BOTH = ["--select", "+positions_daily"]
REGISTERED = "select environment, count(*) from ops.rollups group by 1 order by 1"
ONLY_FLOWS = ["--select", "trade_flows_daily"]
TRADE = (
    "insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)"
    " values (1, '{}', 1, 'buy', {}, 2, 1)"
)
FEES = "- name: fees\n        data_type: numeric\n"
FLOORED = (
    "update ops.rollups set source_floor = '2026-02-01 00:00+00' where relation like '%flows_daily'"
)
HISTORY = (
    "select flow_day, bought_quantity from rollups.trade_flows_daily where flow_day < '2026-02-01'"
)


@pytest.fixture(scope="module")
def made(server: Target, template: str, written: Path) -> Iterator[str]:
    """Trades in two months, built."""

    def make(target: Target) -> None:
        with connect(**target.keywords(), autocommit=True) as conn:
            trades = Base.metadata.tables["trading.trades"]
            ensure(conn, trades, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
            for day, quantity in (("2026-01-05", 1), ("2026-02-05", 2), ("2026-03-05", 3)):
                conn.execute(TRADE.format(f"{day} 10:00+00", quantity).encode())
        build(target, BOTH)

    with prepared(server, template, written, make) as name:
        yield name


@pytest.fixture
def rolled(server: Target, made: str) -> Iterator[Target]:
    with cloned(server, made) as target:
        yield target


def differences(target: Target) -> list[Any]:
    with connect(**target.keywords(options=f"-c role={BUILD}"), autocommit=True) as conn:
        outcome = verify(conn)
    return [*outcome.failed, *(r.relation for r in outcome.runs if r.difference_count)]


def test_a_build_makes_rollups_and_a_second_reads_only_what_is_new(
    rolled: Target, project: Path
) -> None:
    assert select(
        rolled, "select position_day, quantity from rollups.positions_daily order by 1"
    ) == [(date(2026, month, 5), quantity) for month, quantity in ((1, 1), (2, 3), (3, 6))]
    before = identities(rolled)
    execute(rolled, TRADE.format("2026-02-06 10:00+00", 5))
    build(rolled, BOTH, project=project)
    assert identities(rolled) == before
    assert select(
        rolled,
        "select relation, inserted_count, updated_count from ops.refresh_runs"
        " where kind = 'refresh' and event_id is not null order by refresh_run_id desc limit 2",
    ) == [("rollups.positions_daily", 1, 1), ("rollups.trade_flows_daily", 1, 0)]
    assert differences(rolled) == []
    with connect(**rolled.keywords()) as conn:
        conn.execute("set role warehouse_read")
        assert conn.execute("select from rollups.positions_daily").rowcount == 4
    execute(rolled, "drop table rollups.positions_daily cascade")
    build(rolled, BOTH, project=project)
    assert select(rolled, "select count(*) from rollups.positions_daily") == [(4,)]


def test_a_rollup_takes_the_place_of_a_view(rolled: Target, project: Path) -> None:
    before = identities(rolled, "rollups").keys()
    execute(
        rolled,
        "set role warehouse_build; drop table rollups.positions_daily cascade;"
        " create view rollups.positions_daily__logic as select 1 as account_id;"
        " create materialized view rollups.positions_daily as"
        " select * from rollups.positions_daily__logic",
    )
    build(rolled, BOTH, project=project)
    assert select(rolled, "select count(*) from rollups.positions_daily") == [(3,)]
    assert identities(rolled, "rollups").keys() == before


def test_a_changed_formula_and_a_new_column_are_written_in_place(
    rolled: Target, project: Path, edit: Edit
) -> None:
    before = identities(rolled)
    execute(rolled, FLOORED)
    edit(
        f"{FLOWS}.sql",
        ("sum(commission) as commission", "sum(commission) + 1 as commission"),
        ("sum(fees) as fees", "sum(fees) as fees,\n        max(price) as highest_price"),
    )
    edit(
        f"{FLOWS}.yml",
        (
            FEES,
            f"- name: highest_price\n        data_type: numeric\n        description: Any.\n      {FEES}",
        ),
    )
    build(rolled, ONLY_FLOWS, project=project)
    assert identities(rolled) == before
    assert select(
        rolled,
        "select flow_day, commission, highest_price from rollups.trade_flows_daily order by 1",
    ) == [(date(2026, 1, 5), 0, None), (date(2026, 2, 5), 1, 2), (date(2026, 3, 5), 1, 2)]
    assert differences(rolled) == []


def test_changed_columns_are_swapped_in_with_the_history_kept(
    rolled: Target, project: Path, edit: Edit
) -> None:
    execute(
        rolled,
        "set role warehouse_build; create view rollups.watched as"
        " select account_id, bought_quantity from rollups.trade_flows_daily;"
        " create view rollups.left_behind as select fees from rollups.trade_flows_daily",
    )
    before = identities(rolled)
    execute(rolled, FLOORED)
    history = select(rolled, HISTORY)
    edit(
        f"{FLOWS}.sql",
        ("count(*) as trade_count", "count(*)::integer as trade_count"),
        ("sum(fees) as fees", "sum(fees) as charges"),
    )
    edit(
        f"{FLOWS}.yml",
        ("- name: fees\n", "- name: charges\n"),
        (
            "- name: trade_count\n        data_type: bigint",
            "- name: trade_count\n        data_type: integer",
        ),
    )
    reading = "select count(*), sum(bought_quantity) from rollups.trade_flows_daily"
    with polled(rolled, reading) as answers:
        build(rolled, BOTH, project=project)
    assert answers == {(3, 6)}
    after = identities(rolled)
    kept = "rollups.trade_flows_daily__previous"
    assert {name for name in after.keys() - before.keys() if not name.startswith(kept)} == set()
    assert select(rolled, "select count(fees) from rollups.left_behind") == [(3,)]
    assert after["rollups.trade_flows_daily"] != before["rollups.trade_flows_daily"]
    assert after["rollups.watched"] == before["rollups.watched"]
    assert select(rolled, HISTORY) == history != []
    assert select(rolled, "select count(charges), count(*) from rollups.trade_flows_daily") == [
        (2, 3)
    ]
    execute(rolled, "drop view rollups.left_behind")
    execute(rolled, TRADE.format("2026-02-06 10:00+00", 5))
    build(rolled, BOTH, project=project)
    assert select(rolled, "select sum(bought_quantity) from rollups.watched") == [(11,)]
    assert identities(rolled).keys() == before.keys() - {"rollups.left_behind"}
    assert differences(rolled) == []


def test_a_full_refresh_keeps_what_cannot_be_made_again(rolled: Target, project: Path) -> None:
    execute(rolled, FLOORED)
    execute(rolled, "alter table trading.trades detach partition trading.trades_p20260101")
    before = identities(rolled, "rollups")
    execute(rolled, "update rollups.trade_flows_daily set fees = 9")
    build(rolled, [*BOTH, "--full-refresh"], project=project)
    assert identities(rolled, "rollups") == before
    assert select(rolled, "select flow_day, fees from rollups.trade_flows_daily order by 1") == [
        (date(2026, 1, 5), 9),
        (date(2026, 2, 5), 0),
        (date(2026, 3, 5), 0),
    ]


MODEL = """
{{{{ config({settings}) }}}}
with trades as (
    select * from {{{{ ref('stg_trading__effective_trades') }}}} {where}
)
select account_id, executed_at {more} from trades
"""
YAML = """
models:
  - name: {name}
    columns:
      - {{name: account_id, data_type: {kind}}}
      - {{name: executed_at, data_type: timestamp with time zone}}
"""
BOUND = "where {{ in_scope('executed_at') }}"
SETTINGS = "time_column='executed_at', grain=['account_id', 'executed_at']"


def test_what_is_no_rollup_is_refused_by_name(rolled: Target, project: Path) -> None:
    folder = project / "models" / "rollups" / "trading"
    for name, settings, where, kind in (
        ("without_grain", "time_column='executed_at'", BOUND, "bigint"),
        ("without_bound", SETTINGS, "", "bigint"),
        ("twice", "time_column='executed_at', grain=['account_id']", BOUND, "bigint"),
        ("otherwise", SETTINGS, BOUND, "integer"),
        ("watched", SETTINGS, BOUND, "bigint"),
    ):
        text = MODEL.format(settings=settings, where=where, more="")
        (folder / f"{name}.sql").write_text(text)
        (folder / f"{name}.yml").write_text(YAML.format(name=name, kind=kind))
    execute(rolled, "set role warehouse_build; create table rollups.watched as select 1 as x")
    before = identities(rolled)
    nodes = run_dbt(
        rolled,
        [
            "run",
            "--target",
            "prod",
            "--select",
            "without_grain without_bound twice otherwise watched",
        ],
        project,
    )
    said = {node.name: str(node) for node in nodes}
    assert "without_grain has no grain in its config" in said["without_grain"]
    assert "rollups.without_bound reads its sources without a bound" in said["without_bound"]
    assert "twice_pkey" in said["twice"]
    assert "enforced contract that failed" in said["otherwise"]
    assert "stands already and is no rollup" in said["watched"]
    assert identities(rolled) == before
    assert select(rolled, REGISTERED) == [("prod", 4)]


def test_a_rollup_of_an_analyst_holds_nothing_up(rolled: Target, project: Path) -> None:
    run_dbt(rolled, ["run", "--target", "dev", *BOTH], project)
    assert select(rolled, REGISTERED) == [("dev", 4), ("prod", 4)]
