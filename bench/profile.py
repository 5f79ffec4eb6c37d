"""Where the time goes while a workload runs: the server's by pg_stat_statements, ours by py-spy."""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import getpid
from pathlib import Path
from signal import SIGINT
from typing import NamedTuple

from psycopg import connect

from bench.report import figure
from warehouse.db.target import Target
from warehouse.settings import CHECKOUT

TOP = 5
FEWEST = 20  # samples: of less a share says nothing
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
SPY = Path(sys.executable).with_name("py-spy")
# Ten looks a second cost a fortieth of a core; processes are not stopped for them.
LOOK = (
    "record",
    "--subprocesses",
    "--nonblocking",
    "--rate",
    "10",
    "--format",
    "raw",
    "--full-filenames",
)
HERE = re.escape(str(CHECKOUT))
# A frame of what is measured, not of what measures; and one that only waits for others.
OURS = re.compile(rf"\({HERE}/(warehouse/(?!cli/|__main__)|api/)")
WAITS = re.compile(r"\b(wait|select|poll|acquire|_wait_for_tstate_lock) \(")
PLACE = re.compile(rf"\((/.*/site-packages/|{HERE}/|/.*/python3\.\d+/)")


class Statement(NamedTuple):
    """A statement's share of the time in percent, how often it ran, and how long it took."""

    share: float
    calls: int
    milliseconds: float
    text: str

    def __str__(self) -> str:
        text = self.text if len(self.text) <= LONGEST else f"{self.text[:LONGEST]}…"
        return f"{self.share:.0f} %, {self.calls:,} × {figure(self.milliseconds)} ms: `{text}`"


class Function(NamedTuple):
    """A function's share in percent of the time that our Python works, what it calls left out."""

    share: float
    name: str

    def __str__(self) -> str:
        return f"{self.share:.0f} %: `{self.name}`"


@dataclass
class Profile:
    """What took longest, filled at the end."""

    statements: list[Statement] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)


@contextmanager
def watching(server: Target) -> Iterator[Profile]:
    """All that sessions ask meanwhile, and all that this process and its children do."""
    found = Profile()
    with connect(**server.keywords(), autocommit=True) as conn, _sampling(found):
        conn.execute("create extension if not exists pg_stat_statements")
        conn.execute("select pg_stat_statements_reset()")
        try:
            yield found
        finally:
            found.statements += [Statement(*row) for row in conn.execute(STATEMENTS, [TOP])]


@contextmanager
def _sampling(found: Profile) -> Iterator[None]:
    """Nothing where py-spy is not installed, or may not look: that takes root or a lenient kernel."""
    if not SPY.exists():
        yield
        return
    with tempfile.TemporaryDirectory() as place:
        stacks, quiet = Path(place) / "stacks", subprocess.DEVNULL
        command = (SPY, *LOOK, "--pid", str(getpid()), "--output", stacks)
        with subprocess.Popen(command, stdout=quiet, stderr=quiet) as spy:
            try:
                yield
            finally:
                spy.send_signal(SIGINT)
        if stacks.exists():
            found.functions += heaviest(stacks.read_text())


def heaviest(stacks: str) -> list[Function]:
    """The functions on top of most samples, of lines such as `process;outer (file:1);inner (file:2) 7`."""
    seen: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        name = stack.rpartition(";")[2]
        if OURS.search(stack) and not WAITS.search(name):
            seen[re.sub(r":\d+\)$", ")", PLACE.sub("(", name))] += int(count)
    total = seen.total()
    if total < FEWEST:
        return []
    return [Function(100 * n / total, name) for name, n in seen.most_common(TOP)]
