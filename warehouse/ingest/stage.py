"""Rows that could not be written straight away, beside their table, where SQL sorts the good from the bad.

One chunk at a time, in a temporary table that ends with the transaction.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any, LiteralString

from psycopg import Connection, sql
from sqlalchemy import CheckConstraint

from warehouse.ingest.casting.cells import Cells
from warehouse.ingest.encode import tuples
from warehouse.ingest.kind import Kind
from warehouse.ingest.reasons import BROKEN
from warehouse.ingest.rows import WHOLE_ROW
from warehouse.models.base import partitioning
from warehouse.models.ops import IngestMode

STAGE = sql.Identifier("pg_temp", "ingest_stage")
LINE, EXTERNAL, REPLACED = "staged_line", "staged_external_id", "staged_replaces"
EXTRAS = {LINE: "bigint", EXTERNAL: "text", REPLACED: "text"}

SAME_TRADE = (
    "t.account_id = s.account_id and t.executed_at = s.replaces_executed_at"
    " and t.trade_id = s.replaces_trade_id"
)
LACKING = (
    f"not exists (select from trading.trades as t where {SAME_TRADE})"
    f" and not exists (select from {{stage}} as t where {SAME_TRADE})"
)
TAKEN = (
    "s.ctid in (select r.ctid from (select t.ctid, row_number() over"
    " (partition by t.account_id, t.replaces_executed_at, t.replaces_trade_id order by t.{line}) as n"
    " from {stage} as t where t.kind <> 'new') as r where r.n > 1)"
)
# Corrections and busts that cannot be, and why.
NOT_REPLACED: Sequence[tuple[LiteralString, str]] = (
    (
        "s.kind <> 'new' and s.replaces_trade_id is null",
        "names no trade that is here; load that first, or restore its partition",
    ),
    (
        f"s.kind <> 'new' and {LACKING}",
        "replaces a trade that is not here; load it first, or restore its partition",
    ),
    (
        f"s.kind <> 'new' and exists (select from trading.trade_replacements as t where {SAME_TRADE})",
        "replaces a trade that was replaced before; replace the row that did it",
    ),
    (f"s.kind <> 'new' and {TAKEN}", "replaces a trade that a row before it replaces"),
)

# Rows whose status cannot follow that of the row before, or of the order as it stands.
ILLEGAL = """
delete from {stage} as s
using (
    select t.ctid, coalesce(lag(t.status) over told, o.status) as old_status
    from {stage} as t
    left join trading.orders as o using (account_id, source_id, external_id)
    where t.external_id is not null
    window told as (partition by t.account_id, t.source_id, t.external_id order by t.{line})
) as r
where
    s.ctid = r.ctid
    and r.old_status <> s.status
    and not trading.may_follow(r.old_status, s.status)
returning s.{line}, r.old_status, s.status
"""

Found = Iterator[tuple[int, dict[str, str]]]


class Stage:
    """One chunk on trial; what is found bad leaves the stage, and its line is told."""

    def __init__(
        self, conn: Connection[Any], kind: Kind, source_id: int, columns: dict[str, Cells]
    ) -> None:
        self._conn, self._kind, self._source_id = conn, kind, source_id
        self._columns = [name for name in columns if name not in EXTRAS]
        self._has = set(columns)
        self._table = sql.Identifier(str(kind.table.schema), kind.table.name)
        self._make()
        names = _listed(columns)
        copy_in = sql.SQL("copy {} ({}) from stdin (format binary)").format(STAGE, names)
        with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
            for block in tuples(kind.table, columns):
                copy.write(block)

    def _make(self) -> None:
        """Like the table, with its defaults and without its rules, which are asked one by one."""
        free = [c.name for c in self._kind.table.columns if not c.nullable]
        self._run("drop table if exists {stage}")
        self._run(
            "create temporary table ingest_stage (like {table} including defaults) on commit drop"
        )
        changes = [sql.SQL("alter {} drop not null").format(sql.Identifier(c)) for c in free]
        changes += [
            sql.SQL("add {} {}").format(sql.Identifier(name), sql.SQL(kind))
            for name, kind in EXTRAS.items()
        ]
        self._run("alter table {stage} {changes}", changes=sql.SQL(", ").join(changes))

    # -- what is wrong -----------------------------------------------------------------------------

    def broken_rules(self, *, of_replacing: bool = False) -> Found:
        """Rows that a CHECK refuses; those about replacing come when it is known what is replaced."""
        for rule in self._kind.table.constraints:
            is_about_replacing = "_replaces_" in str(rule.name)
            if isinstance(rule, CheckConstraint) and is_about_replacing == of_replacing:
                told = BROKEN.get(str(rule.name)) or f"breaks the rule {rule.name}"
                lines = self._delete("not ({rule})", rule=sql.SQL(str(rule.sqltext)))
                yield from ((line, {WHOLE_ROW: told}) for line in lines)

    def missing_values(self) -> Found:
        """Rows without a value that the table must have."""
        for column in self._kind.table.columns:
            if column.name in self._columns and not column.nullable:
                lines = self._delete("{column} is null", column=sql.Identifier(column.name))
                yield from ((line, {column.name: "is missing"}) for line in lines)

    def repeated(self, mode: IngestMode) -> list[int]:
        """Rows whose key another row of the chunk has: the first stays, of an upsert the last."""
        found = []
        for key in self._keys():
            found += self._delete(
                "s.ctid in (select r.ctid from (select t.ctid, row_number() over "
                "(partition by {key} order by {line} {way}) as n from {stage} as t where {whole}) as r"
                " where r.n > 1)",
                key=_listed(key),
                whole=_whole(self._kind, key),
                way=sql.SQL("desc" if mode is IngestMode.UPSERT else "asc"),
            )
        return found

    def there_already(self, mode: IngestMode) -> list[int]:
        """Rows whose key is in the table, or whose external id is known."""
        found: list[int] = []
        if self._kind.key and mode is not IngestMode.UPSERT:
            found += self._delete(
                "exists (select from {table} as t where {same} and {reach})",
                same=_same(self._kind.key, self._kind.nulls_alike),
                reach=self._reach(),
            )
        if EXTERNAL in self._has:
            found += self._delete(
                "exists (select from trading.external_ids as e where e.account_id = s.account_id"
                " and e.source_id = {source} and e.kind = {kind} and e.external_id = s.{external})"
            )
        return found

    def illegal_steps(self) -> Found:
        """Orders that would leave their life's ways; again, until those that stay follow each other."""
        while found := self._conn.execute(self._composed(ILLEGAL)).fetchall():
            for line, old, new in found:
                yield line, {"status": f"an order that is {old} cannot become {new}"}

    def clashes(self) -> Found:
        """Rows that another unique rule than their key's shuts out."""
        for columns in self._kind.other_keys:
            lines = self._delete(
                "exists (select from {table} as t where {same} and not {itself})"
                " or exists (select from {stage} as t where {same} and t.{line} < s.{line})",
                same=_same(columns),
                itself=_same(self._kind.key),
            )
            told = self._kind.called(columns[-1])
            yield from ((line, {told: "is taken by another row"}) for line in lines)

    def _keys(self) -> list[tuple[str, ...]]:
        keys = [self._kind.key] if self._kind.key else []
        return [*keys, ("account_id", EXTERNAL)] if EXTERNAL in self._has else keys

    def _reach(self) -> sql.Composable:
        """The times of the chunk, so that only their partitions are looked at."""
        if self._kind.living:
            return sql.SQL(f"t.{self._kind.living} and s.{self._kind.living}")
        cut = partitioning(self._kind.table)
        if cut is None:
            return sql.SQL("true")
        control = sql.Identifier(cut.control)
        statement = sql.SQL("select min({0}), max({0}) from {1}").format(control, STAGE)
        low, high = self._conn.execute(statement).fetchone() or (None, None)
        return sql.SQL("t.{0} between {1} and {2}").format(
            control, sql.Literal(low), sql.Literal(high)
        )

    # -- corrections and busts ---------------------------------------------------------------------

    def unknown_replaced(self) -> Found:
        """Find what corrections and busts replace; those that name nothing, or name it twice, leave."""
        self._run(
            "update {stage} as s set replaces_trade_id = e.target_id, replaces_executed_at = e.occurred_at"
            " from trading.external_ids as e where e.account_id = s.account_id and e.source_id = {source}"
            " and e.kind = {kind} and e.external_id = s.{replaced}"
        )
        if EXTERNAL in self._has:
            self._run(
                "update {stage} as s set replaces_trade_id = o.trade_id, replaces_executed_at = o.executed_at"
                " from {stage} as o where o.account_id = s.account_id and o.{external} = s.{replaced}"
            )
        for condition, why in NOT_REPLACED:
            yield from ((line, {"replaces_external_id": why}) for line in self._delete(condition))

    # -- into the table ----------------------------------------------------------------------------

    def count(self) -> int:
        row = self._conn.execute(sql.SQL("select count(*) from {}").format(STAGE)).fetchone()
        return int(row[0]) if row else 0

    def insert(self) -> int:
        """Write what is left."""
        return self._run("insert into {table} ({columns}) select {columns} from {stage} as s")

    def upsert(self) -> int:
        """Write what is new and what differs; only the columns that the file has."""
        told = [name for name in self._columns if name not in self._kind.key]
        told = [
            name for name in told if self._kind.identity is None or name != self._kind.identity.name
        ]
        kept: list[sql.Composable] = [
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in told
        ]
        if "version" in self._kind.table.c:
            kept.append(sql.SQL("version = t.version + 1"))
        if "updated_at" in self._kind.table.c:
            kept.append(sql.SQL("updated_at = now()"))
        if not told:
            return self.insert_missing()
        return self._run(
            "insert into {table} as t ({columns}) select {columns} from {stage} as s"
            " on conflict ({key}) {where} do update set {kept}"
            " where ({before}) is distinct from ({after})",
            key=_listed(self._kind.key),
            where=sql.SQL(f"where {self._kind.living}" if self._kind.living else ""),
            kept=sql.SQL(", ").join(kept),
            before=_listed(told, "t"),
            after=_listed(told, "excluded"),
        )

    def insert_missing(self) -> int:
        return self._run(
            "insert into {table} ({columns}) select {columns} from {stage} as s on conflict do nothing"
        )

    def insert_external_ids(self) -> int:
        assert self._kind.identity is not None
        return self._run(
            "insert into trading.external_ids (account_id, source_id, kind, external_id, occurred_at, target_id)"
            " select s.account_id, {source}, {kind}, s.{external}, s.{control}, s.{identity} from {stage} as s"
            " where s.{external} is not null",
            control=sql.Identifier(str(self._kind.control)),
            identity=sql.Identifier(self._kind.identity.name),
        )

    # -- statements --------------------------------------------------------------------------------

    def _delete(self, condition: LiteralString, **words: sql.Composable) -> list[int]:
        text = f"delete from {{stage}} as s where {condition} returning s.{{line}}"
        return [line for (line,) in self._conn.execute(self._composed(text, **words))]

    def _run(self, text: LiteralString, **words: sql.Composable) -> int:
        return self._conn.execute(self._composed(text, **words)).rowcount

    def _composed(self, text: LiteralString, **words: sql.Composable) -> sql.Composed:
        return sql.SQL(text).format(
            **{
                "stage": STAGE,
                "table": self._table,
                "columns": _listed(self._columns),
                "line": sql.Identifier(LINE),
                "external": sql.Identifier(EXTERNAL),
                "replaced": sql.Identifier(REPLACED),
                "source": sql.Literal(self._source_id),
                "kind": sql.Literal(self._kind.external),
                **words,
            }
        )


def _listed(names: Sequence[str] | dict[str, Any], of: str | None = None) -> sql.Composed:
    parts = [sql.Identifier(of, name) if of else sql.Identifier(name) for name in names]
    return sql.SQL(", ").join(parts)


def _whole(kind: Kind, key: Sequence[str]) -> sql.Composed:
    """A key with a null in it is nobody's double, unless nulls are alike."""
    parts = [
        sql.SQL("t.{} is not null").format(sql.Identifier(name))
        for name in key
        if name not in kind.nulls_alike
    ]
    if kind.living and key == kind.key:
        parts.append(sql.Composed([sql.SQL(f"t.{kind.living}")]))
    return sql.SQL(" and ").join(parts)


def _same(key: Sequence[str], nulls_alike: Container[str] = ()) -> sql.Composed:
    alike = "t.{0} is not distinct from s.{0}"
    parts = [
        sql.SQL(alike if name in nulls_alike else "t.{0} = s.{0}").format(sql.Identifier(name))
        for name in key
    ]
    return sql.SQL("({})").format(sql.SQL(" and ").join(parts))
