"""What the tests of partitions share: a connection as the tool has it, and ways to set a scene."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from psycopg import Connection, connect

from warehouse.cli import main
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.jobs import install
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.archive import archive

Session = Callable[[], Connection[Any]]


def month(year: int, number: int) -> datetime:
    """The first moment of a month; the thirteenth is next January."""
    return datetime(year + (number - 1) // 12, (number - 1) % 12 + 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def staged(
    request: pytest.FixtureRequest,
    server: Target,
    template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, str]]:
    """Templates by the fixtures that the module's STAGES set up, each once: a clone takes a tenth of it."""
    found: dict[str, str] = {}
    with ExitStack() as stack:
        for name, prepare in getattr(request.module, "STAGES", {}).items():
            target = stack.enter_context(scratch_database(server, template))
            install.make_roles(target)
            keywords = target.keywords(options="-c timezone=UTC")
            with connect(**keywords, autocommit=True) as conn:
                prepare(Scene(conn, tmp_path_factory.mktemp(name)))
                found[name] = conn.info.dbname
        yield found


@pytest.fixture
def database(
    request: pytest.FixtureRequest,
    server: Target,
    template: str,
    staged: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Target]:
    """A database of the test's own, as it is prepared for a fixture that the test asks for."""
    chosen = next((staged[name] for name in request.fixturenames if name in staged), template)
    with scratch_database(server, chosen) as target:
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", target.conninfo)
        install.make_roles(target)
        yield target


@pytest.fixture
def session(database: Target) -> Iterator[Session]:
    """Opens connections in autocommit and UTC, and closes them at the end."""
    opened: list[Connection[Any]] = []

    def open_() -> Connection[Any]:
        opened.append(connect(**database.keywords(options="-c timezone=UTC"), autocommit=True))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def conn(session: Session) -> Connection[Any]:
    return session()


class Ended(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def warehouse(*words: str) -> Ended:
    """Run `warehouse partitions …` in this process, where all is imported already."""
    out, err, code = StringIO(), StringIO(), 0
    argv = ["warehouse", "partitions", *words]
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", argv):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


class Scene:
    """Puts a database into the state that a test starts from."""

    def __init__(self, conn: Connection[Any], folder: Path) -> None:
        self.conn, self.folder = conn, folder

    def months(self, parent: str, year: int, first: int, last: int) -> None:
        """A partition for each of the months."""
        table = Base.metadata.tables[parent]
        ensure(self.conn, table, month(year, first), month(year, last + 1))

    def policy(self, parent: str, **columns: Any) -> None:
        for name, value in columns.items():
            self.conn.execute(
                f"update ops.partition_policy set {name} = %s where parent_table = %s",
                [value, parent],
            )

    def archived(self, parent: str, year: int, number: int) -> None:
        """An archive of a month's partition as it is now, read back."""
        name = f"{parent.partition('.')[2]}_p{month(year, number):%Y%m%d}"
        archive(self.conn, parent, name, self.folder.as_uri())

    def partitions(self, parent: str) -> list[str]:
        rows = self.conn.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = %s::regclass order by 1",
            [parent],
        )
        return [name for (name,) in rows]

    def dimensions(self) -> None:
        """One account, one instrument and one source, each with key 1."""
        self.conn.execute(
            "insert into reference.sources (source_id, name, priority) values (1, 'csv', 1)"
        )
        self.conn.execute(
            "insert into reference.instruments (instrument_id, symbol, asset_type, currency)"
            " values (1, 'ABC', 'equity', 'USD')"
        )
        self.conn.execute(
            "insert into reference.accounts (account_id, account_hash, account_number_encrypted,"
            " account_number_digest, display_name, account_type, base_currency)"
            " values (1, 'a', '', '', 'A', 'cash', 'USD')"
        )

    def trade(
        self, trade_id: int, at: datetime, replaces: tuple[datetime, int] | None = None
    ) -> None:
        old_at, old_id = replaces or (None, None)
        self.conn.execute(
            "insert into trading.trades (account_id, executed_at, trade_id, kind, replaces_executed_at,"
            " replaces_trade_id, instrument_id, side, quantity, price, source_id)"
            " values (1, %s, %s, %s, %s, %s, 1, 'buy', 1, 1, 1)",
            [at, trade_id, "bust" if replaces else "new", old_at, old_id],
        )


@pytest.fixture
def scene(conn: Connection[Any], tmp_path: Path) -> Scene:
    return Scene(conn, tmp_path)
