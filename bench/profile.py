"""Where the server's time goes while a workload runs, as pg_stat_statements counts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from psycopg import connect

from bench.report import figure
from warehouse.db.target import Target

TOP = 5
LONGEST = 110
STATEMENTS = """
select
    100 * total_exec_time / sum(total_exec_time) over () as share, calls,
    mean_exec_time as milliseconds, regexp_replace(query, '\\s+', ' ', 'g') as text
from pg_stat_statements
where query !~* '^\\s*((create|drop|alter) database|checkpoint|vacuum)'
order by total_exec_time desc
limit %s
"""


class Statement(NamedTuple):
    """A statement's share of the time in percent, how often it ran, and how long it took."""

    share: float
    calls: int
    milliseconds: float
    text: str

    def __str__(self) -> str:
        text = self.text if len(self.text) <= LONGEST else f"{self.text[:LONGEST]}…"
        return f"{self.share:.0f} %, {self.calls:,} × {figure(self.milliseconds)} ms: `{text}`"


@contextmanager
def watching(server: Target) -> Iterator[list[Statement]]:
    """The longest of what all sessions ask meanwhile; filled at the end."""
    found: list[Statement] = []
    with connect(**server.keywords(), autocommit=True) as conn:
        conn.execute("create extension if not exists pg_stat_statements")
        conn.execute("select pg_stat_statements_reset()")
        try:
            yield found
        finally:
            found += [Statement(*row) for row in conn.execute(STATEMENTS, [TOP])]
