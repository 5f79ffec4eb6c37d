"""Every model keeps the project's rules; and dbt reads the project without a server."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

from api.routes.nouns import REPORTS
from tests.dbt import rules
from tests.dbt.rules import Project
from tests.server import CHECKOUT

pytestmark = pytest.mark.slow  # no server has a part in it: once is enough

MART = "model.tapehouse.portfolio_positions"
STAGED = "model.tapehouse.stg_trading__positions"
BARS = "source.tapehouse.market.bars"
ASSERTION = "test.tapehouse.assert_marked_positions_are_valued"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `dbt parse` makes of the project; no server is there to be asked."""
    folder = tmp_path_factory.mktemp("parsed")
    project = str(CHECKOUT / "dbt")
    places = ["--project-dir", project, "--profiles-dir", project]
    places += ["--target-path", str(folder), "--log-path", str(folder)]
    outcome = dbtRunner().invoke(["parse", "--target", "prod", "--log-level", "none", *places])
    assert outcome.success, outcome.exception
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return read


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_every_model(rule: Callable[[Project], Any], manifest: dict[str, Any]) -> None:
    assert list(rule(Project(manifest))) == []


def change(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda node: node.update(values)


def reads(*parents: str) -> Callable[[dict[str, Any]], None]:
    return change(depends_on={"nodes": [*parents], "macros": []})


def as_sql(sql: str) -> Callable[[dict[str, Any]], None]:
    return change(raw_code=sql)


BROKEN = [
    (rules.says_its_grain, MART, change(description="What each account holds.")),
    (rules.keeps_a_contract, MART, lambda node: node["config"]["contract"].update(enforced=False)),
    (rules.keeps_a_contract, MART, lambda node: node["columns"]["symbol"].update(description="")),
    (rules.carries_its_tables_key, STAGED, as_sql("select account_id from source")),
    (rules.tests_its_key, MART, change(unique_id="model.tapehouse.other")),
    (rules.has_its_key_as_unique_index, MART, lambda node: node["config"].update(indexes=[])),
    (rules.only_staging_reads_sources, MART, reads(BARS)),
    (rules.stages_one_table_under_its_name, STAGED, reads(BARS)),
    (rules.has_parents, MART, reads()),
    (rules.reads_downwards_only, STAGED, reads(MART)),
    (rules.is_named_for_its_place, MART, change(path="marts/portfolio_positions.sql")),
    (rules.is_named_for_its_place, MART, change(patch_path="models/marts/portfolio/all.yml")),
    (rules.has_a_reader, MART, change(unique_id="model.tapehouse.other")),
    (rules.exposes_what_is_stored, MART, change(path="staging/portfolio/portfolio_positions.sql")),
    (rules.reads_no_partitioned_fact_whole, STAGED, reads(BARS)),
    (rules.has_the_anatomy, MART, as_sql("select * from priced")),
    (rules.has_the_anatomy, MART, as_sql("with\n" * rules.LONGEST_MODEL + "select * from final")),
    (rules.has_the_anatomy, STAGED, as_sql("with final as (select 1)\nselect * from final")),
    (rules.names_no_relation_itself, MART, as_sql("select * from trading.positions")),
    (rules.asks_no_clock, MART, as_sql("select current_date as mark_day")),
    (rules.has_a_unit_test, MART, change(name="other")),
    (rules.states_a_claim, ASSERTION, change(name="positions_test")),
]


@pytest.mark.parametrize(
    ("rule", "node", "breaks"), BROKEN, ids=lambda part: getattr(part, "__name__", "")
)
def test_a_rule_finds_who_breaks_it(
    rule: Callable[[Project], Any],
    node: str,
    breaks: Callable[[dict[str, Any]], None],
    manifest: dict[str, Any],
) -> None:
    broken = copy.deepcopy(manifest)
    breaks(broken["nodes"][node])
    assert list(rule(Project(broken))) != []


def test_every_rule_is_shown_to_find_something() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(rules.RULES)


def test_each_report_over_marts_is_an_exposure_of_them(manifest: dict[str, Any]) -> None:
    read = {f"GET {report.url}": marts_in(f"{report.name}.sql") for report in REPORTS}
    exposed = {
        exposure["label"]: {node.rpartition(".")[2] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
        if exposure["owner"]["name"] == "API"
    }
    assert exposed == {label: marts for label, marts in read.items() if marts}


def marts_in(report: str) -> set[str]:
    text = (CHECKOUT / "api" / "sql" / report).read_text()
    return set(re.findall(r"\b(?:marts|rollups)\.([a-z0-9_]+?)(?:__logic)?\b", text))


def test_the_project_needs_no_hub_package() -> None:
    assert not [*Path(CHECKOUT / "dbt").glob("packages.y*ml")]
