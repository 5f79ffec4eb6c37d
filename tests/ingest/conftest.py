"""What the tests of loading share: a small world to load into, and a way to load."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.target import Target
from warehouse.ingest.kinds import KINDS
from warehouse.ingest.mapping import Mapping
from warehouse.ingest.order import Order
from warehouse.ingest.pipeline import Result, load_file

WORLD = """
insert into reference.sources (source_id, name, priority) overriding system value values (1, 'csv', 1);
select setval(pg_get_serial_sequence('reference.sources', 'source_id'), 10);
insert into reference.instruments (symbol, asset_type, exchange, currency, underlying_id)
values ('ABC', 'equity', 'XNAS', 'USD', null), ('XYZ', 'etf', 'XNYS', 'USD', null);
insert into reference.strategies (name) values ('momentum');
insert into reference.accounts (
    account_hash, account_number_encrypted, account_number_digest, display_name, account_type,
    base_currency
) values ('acc-1', '', '1', 'A', 'cash', 'USD'), ('acc-2', '', '2', 'B', 'margin', 'USD');
"""
OPTIONS = "-c timezone=UTC"


class Desk:
    """Loads files and looks at what became of them."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.conn: Connection[Any] = self.connect()

    def connect(self) -> Connection[Any]:
        return connect(**self.target.keywords(options=OPTIONS), autocommit=True)

    def file(self, content: str | bytes, name: str = "file.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self,
        kind: str,
        content: str | bytes | Path,
        mapping: dict[str, Any] | None = None,
        **order: Any,
    ) -> Result:
        path = content if isinstance(content, Path) else self.file(content)
        told = Order(KINDS[kind], "csv", Mapping.model_validate(mapping or {}), **order)
        return load_file(self.target, told, str(path))

    def all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(statement, values or None).fetchall()

    def one(self, statement: str, *values: Any) -> Any:
        (row,) = self.all(statement, *values)
        return row[0] if len(row) == 1 else row

    def count(self, table: str) -> int:
        return int(self.one(f"select count(*) from {table}"))

    def rejects(self) -> list[tuple[int, dict[str, str]]]:
        """Line and reasons of each reject of the newest load that has any."""
        return self.all(
            "select line_no, reasons from ops.ingest_rejects where batch_id ="
            " (select max(batch_id) from ops.ingest_rejects) order by reject_id"
        )

    def why(self) -> str:
        """The reason of the only reject, with its column."""
        ((_, reasons),) = self.rejects()
        return "; ".join(f"{column}: {reason}" for column, reason in reasons.items())


@pytest.fixture
def desk(database: Target, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(database, tmp_path)
    from warehouse.partitions.apply import ensure_log

    ensure_log(made.conn)
    made.conn.execute(WORLD)
    yield made
    made.conn.close()


@pytest.fixture
def account_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that account numbers are encrypted with."""
    monkeypatch.setenv("WAREHOUSE_ACCOUNT_KEY", b64encode(bytes(range(32))).decode())


def program(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What became of a program of its own process."""
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )


def trades(*rows: str) -> str:
    """A file of trades, a row a line."""
    header = "account,external_id,executed_at,kind,replaces_external_id,symbol,side,quantity,price"
    return "\n".join([header, *rows]) + "\n"


def bars(*rows: str) -> str:
    """A file of daily bars, a row a line."""
    header = "symbol,frequency,bar_at,open,high,low,close,volume"
    return "\n".join([header, *rows]) + "\n"
