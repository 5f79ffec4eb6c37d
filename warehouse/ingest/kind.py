"""What a file of each kind holds: its columns, taken from the table that its rows go to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, LiteralString

from sqlalchemy import Column, Index, Table, UniqueConstraint

from warehouse.ingest.fields import Field, external, named, stored
from warehouse.ingest.references import REFERENCES, Reference
from warehouse.models.base import partitioning
from warehouse.models.ops import IngestKind
from warehouse.models.privileges import APPEND_ONLY
from warehouse.models.trading import ExternalKind

EXTERNAL_ID = "external_id"
REPLACES = "replaces_external_id"
# What the loader knows by itself, or the database fills.
OURS = frozenset(
    {"event_id", "batch_id", "source_id", "created_at", "updated_at", "version", "parent_depth"}
)


@dataclass(frozen=True)
class Part:
    """Rows of another kind that a row may hold in itself, as a broker's order holds its legs."""

    kind: str
    given: Mapping[str, str]  # fields of the parts, by the field of the row that says them
    number: str | None = None  # the field that counts them from 1, where they do not
    known_by: str | None = None  # the field without which they would be doubled when told again


@dataclass(frozen=True)
class Kind:
    """What the rows of a file are, and where they go."""

    name: IngestKind
    table: Table
    external: ExternalKind | None = None
    natural_key: tuple[str, ...] = ()
    living: LiteralString | None = None  # of which rows the key is unique; a column comes first
    parts: Mapping[str, Part] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def title(self) -> str:
        """As the command spells it."""
        return self.name.value.replace("_", "-")

    @property
    def is_restatable(self) -> bool:
        return not self.is_append_only and bool(self.key)

    @property
    def is_append_only(self) -> bool:
        return self.table.fullname in APPEND_ONLY

    @property
    def is_secret(self) -> bool:
        """Whether its rows hold what may be shown nowhere."""
        return any(reference.is_secret for reference in self.references.values())

    @property
    def identity(self) -> Column[Any] | None:
        """The key that the database draws, if it draws one."""
        return next((c for c in self.table.primary_key if c.identity is not None), None)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells a row apart by its values; nothing where only an external id can."""
        if self.natural_key or self.identity is not None:
            return self.natural_key
        return tuple(c.name for c in self.table.primary_key)

    @cached_property
    def nulls_alike(self) -> frozenset[str]:
        """The columns of the key in which two nulls are the same value."""
        found: set[str] = set()
        for rule in self._unique():
            if set(rule.columns.keys()) == set(self.key):
                is_alike = rule.dialect_options["postgresql"]["nulls_not_distinct"]
                found |= {c.name for c in rule.columns if is_alike and c.nullable}
        return frozenset(found)

    @cached_property
    def other_keys(self) -> Sequence[tuple[str, ...]]:
        """What is unique besides the key, among what a file says."""
        found = [tuple(rule.columns.keys()) for rule in self._unique()]
        drawn = {self.identity.name} if self.identity is not None else set()
        return [
            columns
            for columns in found
            if set(columns) != set(self.key) and not drawn & set(columns)
        ]

    def _unique(self) -> Iterator[UniqueConstraint | Index]:
        for rule in (*self.table.constraints, *self.table.indexes):
            if isinstance(rule, UniqueConstraint) or (isinstance(rule, Index) and rule.unique):
                yield rule

    @cached_property
    def control(self) -> str | None:
        """The column that the table is partitioned by."""
        cut = partitioning(self.table)
        return cut.control if cut else None

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """What names in the file stand for, by the column that holds the key; in the order to be found."""
        found: dict[str, Reference] = {}
        for column in self.table.columns:
            reference = REFERENCES.get(column.name)
            if reference and _refers(self, column, reference):
                beside = (c for c in reference.within if c not in self.table.c)
                found |= {name: REFERENCES[name] for name in beside if name in REFERENCES}
                found[column.name] = reference
        return found

    @cached_property
    def lookups(self) -> Mapping[str, str]:
        """The key columns that a name in the file stands for, by the name."""
        return {reference.name: column for column, reference in self.references.items()}

    def called(self, column: str) -> str:
        """What a file calls a column of the table."""
        given = (r.name for name, r in self.references.items() if column in (name, *r.gives))
        return next(given, column)

    @property
    def locks_what_it_names(self) -> bool:
        """Whether what its rows refer to can be locked: only what a writer may change can."""
        keys = self.table.foreign_key_constraints
        return not any(key.referred_table.fullname in APPEND_ONLY for key in keys)

    @cached_property
    def own(self) -> frozenset[str]:
        """The names that stand for rows of the same table."""
        return frozenset(
            REFERENCES[column].name
            for key in self.table.foreign_key_constraints
            if key.referred_table is self.table
            for column in key.column_keys
            if column in self.references
        ) - {"account"}

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """By name, in the table's order."""
        found = list(_fields(self))
        if self.external:
            found.insert(
                1, external(EXTERNAL_ID, "The source's own id of the row; unique in the account.")
            )
        if "replaces_trade_id" in self.table.c:
            found.insert(
                3,
                external(REPLACES, "External id of the trade that a correction or bust replaces."),
            )
        return {each.name: each for each in found}


def _refers(kind: Kind, column: Column[Any], reference: Reference) -> bool:
    if column is kind.identity:
        return False
    keys = kind.table.foreign_key_constraints
    return (
        bool(reference.external)
        or reference.is_secret
        or any(column.name in key.column_keys for key in keys)
    )


def _fields(kind: Kind) -> Iterator[Field]:
    references = kind.references
    given = {c for name, r in references.items() for c in r.gives if c != name}
    for name in references:
        if name not in kind.table.c:
            yield named(references[name], required=False)
    for column in kind.table.columns:
        if column.name in OURS | given or column is kind.identity:
            continue
        is_key = column.primary_key or column.name in kind.key
        reference = references.get(column.name)
        if reference is None or reference.name == column.name:
            yield stored(column, is_key=is_key)
            continue
        for beside in reference.within:
            if beside not in kind.table.c and beside not in REFERENCES:
                (key,) = column.foreign_keys
                yield stored(key.column.table.c[beside], is_key=True)
        yield named(reference, required=not column.nullable and column.server_default is None)
