"""The contract of the measurements: ours beside its baseline, in turns, in one run, with its spread.

A workload is a module with `measure(bench)`, which yields results as it has them, and ends in
`if __name__ == "__main__": run(measure)`. How results are shown is told in bench/report.py, which
workloads there are in bench/workloads.py.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from psycopg import connect, sql

from warehouse.db.engines import dispose
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target, primary
from warehouse.jobs import install

Choice = TypeVar("Choice")
# The middle half of the rounds' ratios may lie this far apart: a wider one says nothing.
WIDEST = 1.5


class Scale(StrEnum):
    """Everything in minutes, or at the size that is promised for."""

    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True)
class Aim:
    """What is wanted: of the ratio where there is a baseline, else of the figure itself."""

    sign: str
    value: float

    def __str__(self) -> str:
        return f"{self.sign} {self.value:,g}"

    def met(self, found: float) -> bool:
        return found >= self.value if self.sign == "≥" else found <= self.value


def at_least(value: float) -> Aim:
    return Aim("≥", value)


def at_most(value: float) -> Aim:
    return Aim("≤", value)


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Sequence[float]) -> "Spread":
        return cls(statistics.median(found), min(found), max(found))


@dataclass(frozen=True)
class Result:
    """One figure of every round, in one unit; `baseline` holds that of `against` in the same rounds.

    `at` is the size it was measured at, such as `(250, "days of history")`: the results of one name
    at several sizes are drawn as a line. `note` says what a reader must know besides.
    """

    name: str
    unit: str
    ours: Sequence[float]
    baseline: Sequence[float] = ()
    against: str = ""
    aim: Aim | None = None
    at: tuple[float, str] | None = None
    note: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} at {self.at[0]:,g} {self.at[1]}" if self.at else self.name

    @property
    def ratios(self) -> list[float]:
        """Ours to the baseline, round by round: what slowed a round slowed both."""
        if not self.baseline:
            return []
        return [ours / base for ours, base in zip(self.ours, self.baseline, strict=True)]

    @property
    def refused(self) -> str:
        """Why there is no ratio although there is a baseline; nothing if there is one."""
        if len(self.ratios) < 2:
            return ""
        low, _, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        if low > 0 and high / low <= WIDEST:
            return ""
        return (
            f"no ratio: over {len(self.ratios)} rounds it went from {min(self.ratios):.3g} to"
            f" {max(self.ratios):.3g}, which says nothing; measure again on a quiet machine"
        )

    @property
    def ratio(self) -> Spread | None:
        return Spread.of(self.ratios) if self.ratios and not self.refused else None

    @property
    def met(self) -> bool | None:
        """Whether the median does what is wanted; None where nothing is, or nothing can be said."""
        found = self.ratio if self.baseline else Spread.of(self.ours)
        return self.aim.met(found.median) if self.aim and found else None

    @property
    def remark(self) -> str:
        """What a reader must know besides the figures."""
        return "; ".join(filter(None, (self.note, self.refused)))

    def record(self) -> dict[str, Any]:
        """As programs read it: medians."""
        return {
            "name": self.label,
            "unit": self.unit,
            "ours": Spread.of(self.ours).median,
            "baseline": Spread.of(self.baseline).median if self.baseline else None,
            "ratio": self.ratio and self.ratio.median,
            "target": self.aim and str(self.aim),
            "met": self.met,
        }


@dataclass(frozen=True)
class Bench:
    """What a workload is given: a server, a scale, and a way to tell how far it is."""

    server: Target
    template: str
    scale: Scale
    tell: Callable[[str], None]
    filled: dict["Fill", str] = field(default_factory=dict)
    kept: ExitStack = field(default_factory=ExitStack)

    def pick(self, small: Choice, large: Choice) -> Choice:
        """What goes with the scale."""
        return large if self.scale is Scale.LARGE else small

    @contextmanager
    def database(self, fill: "Fill | None" = None) -> Iterator[Target]:
        """A migrated database, which commands find in the environment meanwhile.

        Empty, or a copy of one that was filled so by the first who asked.
        """
        template = self._template(fill) if fill else self.template
        with scratch_database(self.server, template) as target, _in_force(target):
            yield target

    def _template(self, fill: "Fill") -> str:
        if fill not in self.filled:
            target = self.kept.enter_context(scratch_database(self.server, self.template))
            with _in_force(target):
                fill(self, target)
            self.filled[fill] = str(target.keywords()["dbname"])
        return self.filled[fill]

    def turns(
        self, ways: Mapping[str, Callable[[], float]], rounds: int, warm: int = 0
    ) -> dict[str, list[float]]:
        """The figure of every way in every round, A B A B; the first `warm` rounds do not count."""
        found: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + warm):
            for way, work in ways.items():
                self.tell(f"{way}, {number + 1} of {rounds + warm}")
                figure = work()
                if number >= warm:
                    found[way].append(figure)
        return found

    def beside(
        self,
        name: str,
        unit: str,
        ours: Callable[[], float],
        theirs: Callable[[], float],
        against: str,
        rounds: int,
        warm: int = 0,
        **more: Any,
    ) -> Result:
        """One figure of ours and one baseline, in turns."""
        ways = {name: ours, f"{name}, {against}": theirs}
        found, base = self.turns(ways, rounds, warm).values()
        return Result(name, unit, found, base, against, **more)


Measure = Callable[[Bench], Iterator[Result]]
Fill = Callable[[Bench, Target], None]


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _in_force(target: Target) -> Iterator[None]:
    before = os.environ.get("WAREHOUSE_DATABASE_URL")
    os.environ["WAREHOUSE_DATABASE_URL"] = target.conninfo
    install.make_roles(target)  # a clone keeps no grant on the database itself
    try:
        yield
    finally:
        dispose()
        os.environ.pop("WAREHOUSE_DATABASE_URL")
        if before:
            os.environ["WAREHOUSE_DATABASE_URL"] = before


@contextmanager
def bench_on(server: Target, scale: Scale, tell: Callable[[str], None]) -> Iterator[Bench]:
    """A bench whose databases are copies of one that was migrated once."""
    with scratch_database(server) as template:
        install.make_roles(template)
        install.migrate(template)
        name = str(template.keywords()["dbname"])
        with connect(**server.keywords(), autocommit=True) as conn:
            mark = sql.SQL("alter database {} with is_template {}")
            conn.execute(mark.format(sql.Identifier(name), sql.Literal(True)))
            try:
                with ExitStack() as kept:
                    yield Bench(server, name, scale, tell, kept=kept)
            finally:
                conn.execute(mark.format(sql.Identifier(name), sql.Literal(False)))


def run(measure: Measure) -> None:
    """One workload by itself, on the server of the environment."""
    from bench.report import table

    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--scale", type=Scale, choices=Scale, default=Scale.SMALL)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with bench_on(primary(), asked.scale, lambda text: print(text, file=sys.stderr)) as bench:
        results = list(measure(bench))
    if asked.json:
        print(json.dumps([result.record() for result in results], indent=2))
    else:
        print("\n".join(table(results)))
