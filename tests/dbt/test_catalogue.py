"""What stands in the database is what the contracts promise, to the exact type."""

import json
from pathlib import Path

from psycopg import connect

from warehouse.db.target import Target
from warehouse.refresh.build import build


def test_every_model_has_the_columns_of_its_contract(
    desk: Target, project: Path, written: Path
) -> None:
    build(desk, project=project)
    manifest = json.loads((written / "dbt" / "target" / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    promised = {
        f"{model['schema']}.{model['name']}": {
            (column["name"], column["data_type"]) for column in model["columns"].values()
        }
        for model in models
    }
    with connect(**desk.keywords()) as conn:
        rows = conn.execute(
            "select attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod)"
            " from pg_attribute where attrelid = any(%s::regclass[]) and attnum > 0",
            [list(promised)],
        ).fetchall()
    standing = {
        name: {(column, kind) for n, column, kind in rows if n == name} for name in promised
    }
    assert standing == promised
