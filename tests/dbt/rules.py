"""The rules a model keeps, read off dbt's manifest; after dbt-project-evaluator, in our own words.

Each rule names the offenders; `test_manifest` asks for none, and that each rule finds one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from warehouse.models import Base
from warehouse.models.base import SCHEMAS, partitioning

LAYERS = ("staging", "intermediate", "rollups", "marts")
PREFIXES = {"staging": "stg_{noun}__", "intermediate": "int_", "rollups": "", "marts": ""}
LONGEST_MODEL = 120
# What a view reads, whoever reads the view reads; the other materializations hold rows of their own.
SEEN_THROUGH = ("view", "ephemeral")
CLOCKS = r"\b(now|clock_timestamp|statement_timestamp)\s*\(|\b(current_|local)(date|time)"


@dataclass(frozen=True)
class Model:
    """A model as the manifest has it."""

    node: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.node["unique_id"])

    @property
    def name(self) -> str:
        return str(self.node["name"])

    @property
    def path(self) -> PurePosixPath:
        """Its place below models/: layer, noun, file."""
        return PurePosixPath(self.node["path"])

    @property
    def layer(self) -> str:
        return self.path.parts[0]

    @property
    def noun(self) -> str:
        return self.path.parts[1]

    @property
    def sql(self) -> str:
        return str(self.node["raw_code"])

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.node["config"])

    @property
    def parents(self) -> list[str]:
        return [*self.node["depends_on"]["nodes"]]

    @property
    def sources(self) -> list[str]:
        """The tables it reads itself, as schema.table."""
        return [".".join(p.split(".")[2:]) for p in self.parents if p.startswith("source.")]


@dataclass(frozen=True)
class Project:
    """A manifest, as the rules ask it."""

    manifest: dict[str, Any]

    @cached_property
    def models(self) -> dict[str, Model]:
        return {node["unique_id"]: Model(node) for node in self._nodes("model")}

    @cached_property
    def tests(self) -> list[dict[str, Any]]:
        return list(self._nodes("test"))

    @cached_property
    def exposures(self) -> list[dict[str, Any]]:
        return list(self.manifest["exposures"].values())

    def layer(self, name: str) -> list[Model]:
        return [model for model in self.models.values() if model.layer == name]

    def keys(self, model: Model) -> list[tuple[str, ...]]:
        """The combinations of columns that are tested to be unique."""
        return [
            tuple(test["test_metadata"]["kwargs"]["columns"])
            for test in self._generic_tests(model, "unique_combination")
        ]

    def never_null(self, model: Model) -> set[str]:
        return {test["column_name"] for test in self._generic_tests(model, "not_null")}

    def tables_behind(self, model: Model) -> set[str]:
        """The tables whose rows it reads: its own sources, and those of the views it reads."""
        found = set(model.sources)
        for parent in model.parents:
            above = self.models.get(parent)
            if above and above.config["materialized"] in SEEN_THROUGH:
                found |= self.tables_behind(above)
        return found

    def _nodes(self, kind: str) -> Iterator[dict[str, Any]]:
        return (n for n in self.manifest["nodes"].values() if n["resource_type"] == kind)

    def _generic_tests(self, model: Model, name: str) -> Iterator[dict[str, Any]]:
        for test in self.tests:
            metadata = test.get("test_metadata") or {}
            if metadata.get("name") == name and test["attached_node"] == model.id:
                yield test


def says_its_grain(project: Project) -> Iterator[str]:
    for model in project.models.values():
        if not re.search(r"\bOne row per .+\.$", model.node["description"]):
            yield model.name


def keeps_a_contract(project: Project) -> Iterator[str]:
    """Enforced, so that the columns documented are the columns there are."""
    for model in project.models.values():
        if not model.config["contract"]["enforced"] or not model.node["columns"]:
            yield model.name
        for column in model.node["columns"].values():
            if not column["description"] or not column["data_type"]:
                yield f"{model.name}.{column['name']}"


def carries_its_tables_key(project: Project) -> Iterator[str]:
    """A staging view has its table's primary key, which the database keeps: no test repeats it."""
    for model in project.layer("staging"):
        table = Base.metadata.tables.get(model.sources[0])
        for column in (
            table.primary_key if table is not None else ()
        ):  # a view of the warehouse has none
            if not re.search(rf"^\s+{column.name}( as \w+)?,?$", model.sql, re.MULTILINE):
                yield f"{model.name}: {column.name}"


def tests_its_key(project: Project) -> Iterator[str]:
    for model in project.models.values():
        if model.layer != "staging":
            keys, filled = project.keys(model), project.never_null(model)
            if len(keys) != 1 or not filled.issuperset(keys[0]):
                yield model.name


def has_its_key_as_unique_index(project: Project) -> Iterator[str]:
    """REFRESH CONCURRENTLY needs it."""
    for model in project.models.values():
        if model.config["materialized"] == "materialized_view":
            unique = [tuple(i["columns"]) for i in model.config["indexes"] if i.get("unique")]
            if unique != project.keys(model):
                yield model.name


def only_staging_reads_sources(project: Project) -> Iterator[str]:
    for model in project.models.values():
        if model.sources and model.layer != "staging":
            yield model.name


def stages_one_table_under_its_name(project: Project) -> Iterator[str]:
    """So no table is staged twice, and staging stands on nothing but tables."""
    for model in project.layer("staging"):
        names = [f"stg_{source.replace('.', '__')}" for source in model.sources]
        if names != [model.name] or len(model.parents) != 1:
            yield model.name


def has_parents(project: Project) -> Iterator[str]:
    for model in project.models.values():
        if not model.parents:
            yield model.name


def reads_downwards_only(project: Project) -> Iterator[str]:
    for model in project.models.values():
        for parent in model.parents:
            above = project.models.get(parent)
            if above and LAYERS.index(above.layer) > LAYERS.index(model.layer):
                yield f"{model.name} reads {above.name}"


def is_named_for_its_place(project: Project) -> Iterator[str]:
    """models/<layer>/<noun>/<prefix><name>.sql, its YAML beside it, in the layer's schema."""
    for model in project.models.values():
        prefix = PREFIXES.get(model.layer, "?").format(noun=model.noun)
        beside = str(model.node["patch_path"]).endswith(f"{model.path.with_suffix('.yml')}")
        placed = len(model.path.parts) == 3 and model.noun in SCHEMAS
        unmarked = prefix or not re.match(r"(stg|int|fct|dim)_", model.name)
        schema = model.config["schema"] == model.layer
        if not (model.name.startswith(prefix) and unmarked and placed and beside and schema):
            yield model.name


def has_a_reader(project: Project) -> Iterator[str]:
    """Another model or an exposure."""
    read = {p for model in project.models.values() for p in model.parents}
    read |= {p for exposure in project.exposures for p in exposure["depends_on"]["nodes"]}
    for model in project.models.values():
        if model.id not in read:
            yield model.name


def exposes_what_is_stored(project: Project) -> Iterator[str]:
    stored = {model.id for layer in ("rollups", "marts") for model in project.layer(layer)}
    for exposure in project.exposures:
        if not stored.issuperset(exposure["depends_on"]["nodes"]) or not exposure["description"]:
            yield exposure["name"]


def reads_no_partitioned_fact_whole(project: Project) -> Iterator[str]:
    """A materialized view is made whole at each refresh; what grows with time goes through a rollup."""
    for model in project.models.values():
        if model.config["materialized"] == "materialized_view":
            for name in sorted(project.tables_behind(model)):
                table = Base.metadata.tables.get(name)
                if table is None or partitioning(table):
                    yield f"{model.name} reads {name}"


def has_the_anatomy(project: Project) -> Iterator[str]:
    """Imports, logic, `select * from final`; a staging view is one select.

    PostgreSQL plans a view that has CTEs by itself: the index's order is not used through it, and
    looking up the newest marks took five times as long.
    """
    for model in project.models.values():
        lines = model.sql.strip().splitlines()
        if model.layer == "staging":
            whole = lines[0] == "select" and lines[-1].startswith("from {{ source(")
        else:
            whole = lines[-1] == "select * from final"
        if not whole or len(lines) >= LONGEST_MODEL:
            yield model.name


def names_no_relation_itself(project: Project) -> Iterator[str]:
    """`ref` and `source` alone, or dbt would not know what depends on what."""
    for model in project.models.values():
        if re.search(r"\b(from|join)\s+\w+\.\w+", re.sub(r"\{\{.*?\}\}", "", model.sql)):
            yield model.name


def asks_no_clock(project: Project) -> Iterator[str]:
    """The same rows give the same marts."""
    for model in project.models.values():
        if re.search(CLOCKS, model.sql):
            yield model.name


def has_a_unit_test(project: Project) -> Iterator[str]:
    tested = {test["model"] for test in project.manifest["unit_tests"].values()}
    for model in project.models.values():
        if model.layer != "staging" and model.name not in tested:
            yield model.name


def states_a_claim(project: Project) -> Iterator[str]:
    """A test of its own file is named for what it asserts, and says why it holds."""
    for test in project.tests:
        singular = not test.get("test_metadata")
        if singular and not (test["name"].startswith("assert_") and test["description"]):
            yield test["name"]


RULES: Sequence[Any] = (
    says_its_grain,
    keeps_a_contract,
    carries_its_tables_key,
    tests_its_key,
    has_its_key_as_unique_index,
    only_staging_reads_sources,
    stages_one_table_under_its_name,
    has_parents,
    reads_downwards_only,
    is_named_for_its_place,
    has_a_reader,
    exposes_what_is_stored,
    reads_no_partitioned_fact_whole,
    has_the_anatomy,
    names_no_relation_itself,
    asks_no_clock,
    has_a_unit_test,
    states_a_claim,
)
