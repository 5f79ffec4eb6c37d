"""Brings a database to this code: the migrations, then what is code rather than state."""

from psycopg import connect

from warehouse.access import ensure_roles
from warehouse.db import migrations, reports
from warehouse.db.server import server_version
from warehouse.db.target import Target
from warehouse.partitions.apply import ensure_log
from warehouse.partitions.policy import seed_policies


def make_roles(target: Target) -> list[str]:
    """Make the roles that are missing; what was done, a line each."""
    with connect(**target.keywords(), autocommit=True) as conn:
        return [str(change) for change in ensure_roles(conn)]


def migrate(target: Target, revision: str = "head") -> list[str]:
    """Run the migrations the database lacks; at the head, see to policies and reports too."""
    server_version(target)
    with connect(**target.keywords()) as conn:
        steps = migrations.pending(conn)
    migrations.upgrade(target, revision)
    with connect(**target.keywords()) as conn:
        if not migrations.pending(conn):
            ensure_log(conn)
            seed_policies(conn)
            reports.install(conn)
    return steps
