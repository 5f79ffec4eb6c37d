"""Runs workloads one after the other on a server of its own, and keeps what each one found."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import SubprocessError
from textwrap import shorten

from psycopg import Error as DriverError
from sqlalchemy.exc import SQLAlchemyError

from bench.machine import facts
from bench.measure import Bench, Result, Scale, bench_on
from bench.profile import Profile, watching
from bench.workloads import WORKLOADS, load
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.embedded.lock import exclusive
from warehouse.errors import WarehouseError

SCRUBBED = ("WAREHOUSE_", "PG", "DBT_")
# How long a disk takes to flush is the machine's; waited for, it would hide what we cost.
OPTIONS = {"fsync": "off", "synchronous_commit": "off"}
LONGEST = 300  # of what a failure says: a statement's may hold all of its text
# What a workload may end in without taking the others with it.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DriverError,
    ExceptionGroup,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SQLAlchemyError,
    SubprocessError,
    TypeError,
    ValueError,
    WarehouseError,
)


@dataclass
class Section:
    """What one workload found, how long it took, and why it ended early if it did."""

    name: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""
    profile: Profile = field(default_factory=Profile)

    @property
    def question(self) -> str:
        return WORKLOADS[self.name]

    @property
    def told(self) -> str:
        ended = f"; it ended early: {self.failure}" if self.failure else ""
        return f"{self.name}: {len(self.results)} figures in {self.seconds:.0f} s{ended}"


@dataclass(frozen=True)
class Report:
    """All that was found, and on what."""

    scale: Scale
    machine: Mapping[str, str]
    sections: Sequence[Section]

    @property
    def command(self) -> str:
        """What measures the same again."""
        names = [section.name for section in self.sections]
        only = "" if len(names) == len(WORKLOADS) else "".join(f" --only {name}" for name in names)
        return f"warehouse bench --scale {self.scale}{only}"

    @property
    def minutes(self) -> float:
        return sum(section.seconds for section in self.sections) / 60

    @property
    def results(self) -> list[tuple[Section, Result]]:
        return [(section, result) for section in self.sections for result in section.results]


def run(
    home: Path, names: Sequence[str], scale: Scale, tell: Callable[[str], None]
) -> Iterator[Report]:
    """Measure, and tell after each workload all that was found, so that a night that ends early leaves some.

    Nothing of the server is left.
    """
    sections: list[Section] = []
    with own_server(home) as server:
        machine = facts(server)
        tell("migrate")
        with bench_on(server, scale, tell) as bench:
            for number, name in enumerate(names, 1):
                sections.append(_measured(bench, name, number, len(names)))
                yield Report(scale, machine, sections)


@contextmanager
def own_server(home: Path) -> Iterator[Target]:
    """An embedded server, else as every other; what the shell says does not reach it.

    Two at once would measure each other, so the second is refused.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    embedded = Embedded(home, options=OPTIONS)
    with exclusive(home.with_suffix(".lock"), 0), _environment(home):
        embedded.destroy()  # what a killed run left
        try:
            target = Target(embedded.ensure_running(), "the bench's server")
            os.environ["WAREHOUSE_DATABASE_URL"] = target.conninfo
            yield target
        finally:
            embedded.destroy()
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _environment(home: Path) -> Iterator[None]:
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(SCRUBBED)]:
        del os.environ[name]
    os.environ["WAREHOUSE_HOME"] = str(home)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _measured(bench: Bench, name: str, number: int, count: int) -> Section:
    section, began = Section(name), time.monotonic()
    prefix = f"[{number}/{count}] {name}"
    told = replace(bench, tell=lambda text: bench.tell(f"{prefix}: {text}"))
    told.tell("begins")
    try:
        with watching(bench.server) as section.profile:
            for result in load(name)(told):
                section.results.append(result)
    except FAILURES as error:
        section.failure = (
            f"{type(error).__name__}: {shorten(str(error), LONGEST, placeholder=' …')}"
        )
    section.seconds = time.monotonic() - began
    return section
