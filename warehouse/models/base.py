"""What every table shares: types, keys, checks, comments, and how a table says that it is partitioned.

The tables themselves are in the sibling modules, one per schema.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Double,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

SCHEMAS = ("reference", "market", "trading", "portfolio", "risk", "audit", "ops", "library")

EXTENSIONS = ("pg_trgm",)  # of contrib, and trusted: the owner of the schemas may make them

# A constraint's name says its table, also inside a partition's error message.
NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

BRIN_PAGES_PER_RANGE = 32


class Base(DeclarativeBase):
    """The registry of all tables: `Base.metadata` is what the migrations are compared with."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy wants a plain class attribute
        bool: Boolean(),
        bytes: LargeBinary(),
        date: Date(),
        datetime: DateTime(timezone=True),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(),
        float: Double(),
        int: BigInteger(),
        str: Text(),
    }


Interval = Literal["hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Partitioning:
    """How a table is cut by time, in pg_partman's words; the row in ops.partition_policy starts as this."""

    control: str
    interval: Interval
    premake: int = 4
    retention: str | None = None


# -- tables ----------------------------------------------------------------------------------------


def table(
    schema: str, comment: str, *items: SchemaItem, partition: Partitioning | None = None
) -> tuple[Any, ...]:
    """The `__table_args__` of a table: where it lives, what one row of it is, and its constraints."""
    options: dict[str, Any] = {"schema": schema, "comment": comment}
    if partition:
        options["postgresql_partition_by"] = f"RANGE ({partition.control})"
        options["info"] = {"partition": partition}
        items = (*items, brin(partition.control))
    return (*items, options)


def partitioning(table: Table) -> Partitioning | None:
    """How the table declared itself partitioned, or None."""
    declared: Partitioning | None = table.info.get("partition")
    return declared


# -- columns ---------------------------------------------------------------------------------------


def column(comment: str, *args: Any, **options: Any) -> MappedColumn[Any]:
    """A column that says what it holds; its type and nullability come from the annotation."""
    return mapped_column(*args, comment=comment, **options)


class Vocabulary(TypeDecorator[StrEnum]):
    """A word of a StrEnum, stored as text: PostgreSQL's own enums cannot drop a member."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy passes it
        return None if value is None else self.words(value)


def choice(comment: str, words: type[StrEnum], **options: Any) -> MappedColumn[Any]:
    """A column that holds one word of a vocabulary; `one_of` is the CHECK that goes with it."""
    return mapped_column(Vocabulary(words), comment=comment, **options)


def identity(comment: str) -> MappedColumn[Any]:
    """A bigint key; BY DEFAULT, so that a load may bring the ids it drew in one go."""
    return mapped_column(Identity(always=False), primary_key=True, comment=comment)


def references(
    target: str, comment: str, ondelete: str = "RESTRICT", **options: Any
) -> MappedColumn[Any]:
    """A column with a foreign key to `schema.table.column`; see `belongs_to` for composite keys."""
    return mapped_column(ForeignKey(target, ondelete=ondelete), comment=comment, **options)


def account(**options: Any) -> MappedColumn[Any]:
    """The owner key of every account-owned table: first in its keys, so that it can distribute."""
    return references(
        "reference.accounts.account_id", "Account that owns the row.", sort_order=-20, **options
    )


def instrument(comment: str = "Instrument the row is about.", **options: Any) -> MappedColumn[Any]:
    """A reference to an instrument."""
    return references("reference.instruments.instrument_id", comment, **options)


def source(comment: str = "Where the row came from.", **options: Any) -> MappedColumn[Any]:
    """A reference to a source."""
    return references("reference.sources.source_id", comment, **options)


def defaulted(comment: str, sql: str, **options: Any) -> MappedColumn[Any]:
    """A column the database fills when the writer does not."""
    return mapped_column(server_default=text(sql), comment=comment, **options)


# -- constraints and indexes -----------------------------------------------------------------------


def belongs_to(target: str, *columns: str, ondelete: str = "RESTRICT") -> ForeignKeyConstraint:
    """A composite foreign key to the columns of the same names in `schema.table`."""
    return ForeignKeyConstraint(columns, [f"{target}.{c}" for c in columns], ondelete=ondelete)


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK; the table's name is put before it."""
    return CheckConstraint(condition, name=name)


def positive(*columns: str) -> Iterable[CheckConstraint]:
    """Above zero and finite; NaN sorts above Infinity, so the upper bound shuts it out too."""
    return [check(f"{c}_positive", f"{c} > 0 and {c} < 'Infinity'") for c in columns]


def non_negative(*columns: str) -> Iterable[CheckConstraint]:
    """Zero or more and finite."""
    return [check(f"{c}_non_negative", f"{c} >= 0 and {c} < 'Infinity'") for c in columns]


def finite(*columns: str) -> Iterable[CheckConstraint]:
    """Any sign, but neither NaN nor an infinity."""
    return [check(f"{c}_finite", f"{c} > '-Infinity' and {c} < 'Infinity'") for c in columns]


def one_of(column: str, vocabulary: type[StrEnum]) -> CheckConstraint:
    """The column holds a member of the vocabulary."""
    members = ", ".join(f"'{member.value}'" for member in vocabulary)
    return check(f"{column}_known", f"{column} in ({members})")


def brin(column: str) -> Index:
    """The block-range index of a time or event column; autosummarized, for its tail is asked most."""
    return Index(
        None,
        column,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": BRIN_PAGES_PER_RANGE, "autosummarize": "on"},
    )


# -- mixins ----------------------------------------------------------------------------------------


class Timestamped:
    """Rows that change in place say when they were made and last written."""

    created_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), comment="When the row was first written.", sort_order=80
    )
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(),
        onupdate=func.now(),
        comment="When the row was last written.",
        sort_order=81,
    )


class Versioned(Timestamped):
    """Rows two writers can meet: an update that finds another version fails with `StaleRow`."""

    version: Mapped[int] = mapped_column(
        server_default=text("1"), comment="Counts the row's writes.", sort_order=82
    )

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Recorded:
    """Rows that name the audit event of the statement that last wrote them.

    The column fills itself: a writer that names another event is refused (`audit.watch`).
    """

    @declared_attr
    @classmethod
    def event_id(cls) -> Mapped[int]:
        arguments: tuple[Any, ...] = cls.__table_args__  # type: ignore[attr-defined]
        name: str = cls.__tablename__  # type: ignore[attr-defined]
        opened = f"warehouse.{arguments[-1]['schema']}.{name}.insert"
        return mapped_column(
            # STABLE, so that COPY still writes rows in batches. Worded as PostgreSQL words it: Alembic
            # would ask whether this equals what is there, and two defaults that are null never do.
            server_default=text(
                f"(NULLIF(current_setting('{opened}'::text, true), ''::text))::bigint"
            ),
            server_onupdate=FetchedValue(),
            comment="Audit event of the write; refers to audit.events.event_id.",
            sort_order=90,
        )
