"""A warehouse with demo data, built and served by a server of its own, for whoever looks into one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import connect

from bench.measure import Scale
from bench.suite import own_server
from warehouse.db.target import Target
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.load import load
from warehouse.jobs import install
from warehouse.partitions.apply import apply_ahead
from warehouse.refresh.build import build


@contextmanager
def demo(home: Path, scale: Scale, tell: Callable[[str], None]) -> Iterator[Target]:
    """A warehouse with demo data on a server of its own, for the time of a look."""
    with own_server(home) as target:
        tell("migrate")
        install.make_roles(target)
        install.migrate(target)
        with connect(**target.keywords(options="-c timezone=UTC")) as conn:
            size = ScaleName.LARGE if scale is Scale.LARGE else ScaleName.SMALL
            load(conn, size, DEFAULT_SEED, DEFAULT_UNTIL, lambda done: tell(f"load {done.step}"))
        with connect(**target.keywords(), autocommit=True) as conn:
            apply_ahead(conn)
        tell("build")
        build(target)
        with connect(**target.keywords(), autocommit=True) as conn:
            conn.execute("vacuum analyze")
        yield target
