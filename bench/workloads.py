"""Which workloads there are, in the order they are run, and what each one answers."""

from collections.abc import Sequence
from importlib import import_module

from bench.measure import Measure
from warehouse.errors import WarehouseError

WORKLOADS = {
    "ingest": "How fast do files become facts, beside a bare COPY?",
    "booking": "What does it cost to book a load?",
    "audit_cost": "What does the audit cost a writer?",
    "audit_seal": "How fast is the log sealed and verified?",
    "audit_history": "How long do questions about the past take?",
    "rollups": "What does one new day cost a rollup, by how much history it has?",
    "marts": "How long until all marts are current after a load?",
    "api": "How fast are reports answered, beside the bare server, pgbench and an ORM?",
    "nightly": "How much slower are small reads during a nightly run and a bulk load?",
    "partitions_plan": "What do partitions cost before anything is read?",
    "partitions_locks": "How long are partitions locked against anyone?",
    "partitions_archive": "How fast does a partition go to Parquet and come back?",
    "partitions_brin": "How many pages should a range of a BRIN have?",
    "storage": "How much room do rows and indexes take?",
    "newcomer": "What does the schema save over the one written first?",
    "scale": "How does each cost grow with the data?",
    "mixed": "Do readers and writers at once lose anything?",
}


class UnknownWorkload(WarehouseError):
    """There is no such workload; nothing was measured."""


def chosen(only: Sequence[str]) -> list[str]:
    """The workloads that are meant by names or beginnings of names, all without any."""
    for word in only:
        if not any(name.startswith(word) for name in WORKLOADS):
            raise UnknownWorkload(
                f"There is no workload {word}; nothing was measured. There are"
                f" {', '.join(WORKLOADS)}; the beginning of a name means all that begin so."
            )
    return [name for name in WORKLOADS if not only or name.startswith(tuple(only))]


def load(name: str) -> Measure:
    """What measures it; imported when its turn comes, for the others may not be asked for."""
    measure: Measure = import_module(f"bench.{name}").measure
    return measure
