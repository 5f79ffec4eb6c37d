"""Demo data and the marts over them, for workloads that ask reports and for whoever looks into a warehouse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import connect

from bench.measure import Bench, Scale
from bench.suite import own_server
from warehouse.db.target import Target
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.load import load
from warehouse.jobs import install
from warehouse.partitions.apply import apply_ahead
from warehouse.refresh.build import build


def demo(bench: Bench, target: Target) -> None:
    """What workloads begin with: `bench.database(demo)` is a copy of it."""
    _fill(target, bench.pick(ScaleName.TINY, ScaleName.LARGE), bench.tell)


@contextmanager
def served_demo(home: Path, scale: Scale, tell: Callable[[str], None]) -> Iterator[Target]:
    """A warehouse with demo data on a server of its own, for the time of a look."""
    with own_server(home) as target:
        tell("migrate")
        install.make_roles(target)
        install.migrate(target)
        _fill(target, ScaleName.LARGE if scale is Scale.LARGE else ScaleName.SMALL, tell)
        yield target


def _fill(target: Target, size: ScaleName, tell: Callable[[str], None]) -> None:
    with connect(**target.keywords(options="-c timezone=UTC")) as conn:
        load(conn, size, DEFAULT_SEED, DEFAULT_UNTIL, lambda done: tell(f"load {done.step}"))
    with connect(**target.keywords(), autocommit=True) as conn:
        apply_ahead(conn)
        tell("build")
        build(target)
        conn.execute("vacuum analyze")
