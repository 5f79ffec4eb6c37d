"""dbt knows every table that the models declare, and no other."""

from typing import Any

import yaml

from tests.server import CHECKOUT
from warehouse.models import Base

STAGING = CHECKOUT / "dbt" / "models" / "staging"
# Read in place of the tables they stand for.
VIEWS = {"market.bars_in_milliseconds", "market.splits", "trading.effective_trades"}


def declared_sources() -> dict[str, dict[str, Any]]:
    files = [yaml.safe_load(path.read_text()) for path in sorted(STAGING.glob("*/sources.yml"))]
    return {
        f"{source['name']}.{table['name']}": table
        for file in files
        for source in file["sources"]
        for table in source["tables"]
    }


def test_sources_are_the_tables_of_the_warehouse() -> None:
    assert set(declared_sources()) == set(Base.metadata.tables) | VIEWS


def test_a_source_stands_beside_the_staging_models_of_its_schema() -> None:
    for path in STAGING.glob("*/sources.yml"):
        names = [source["name"] for source in yaml.safe_load(path.read_text())["sources"]]
        assert names == [path.parent.name]


def test_freshness_is_judged_by_a_column_of_the_table() -> None:
    judged = {
        name: config["loaded_at_field"]
        for name, table in declared_sources().items()
        if "freshness" in (config := table.get("config", {}))
    }
    assert {"market.bars", "trading.trades", "reference.daily_marks"} <= set(judged)
    for name, loaded_at in judged.items():
        assert loaded_at.partition("::")[0] in Base.metadata.tables[name].columns
