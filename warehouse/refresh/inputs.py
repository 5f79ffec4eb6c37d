"""What the marts were last built from: the project's files, and the audit events read.

Whether to build is decided by these; building is left to `build`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from warehouse.sql import query

READERS = "dbt build "
# What dbt writes into the project's folder itself.
WRITTEN_BY_DBT = frozenset({"target", "logs"})


@dataclass(frozen=True)
class Inputs:
    """What a build would read now, and whether that differs from what the last complete one read."""

    reader: str
    snapshot: str
    changed: bool


def read_inputs(conn: Connection[Any], project: Path) -> Inputs:
    """Read before the build begins: what is written meanwhile is the next build's."""
    reader = f"{READERS}{_digest(_files(project))}"
    row = conn.execute(query("refresh/read_build_state"), {"reader": reader}).fetchone()
    snapshot, changed = row or ("", True)
    return Inputs(reader, snapshot, changed)


def remember(conn: Connection[Any], inputs: Inputs) -> None:
    """Keep what a complete build has read."""
    values = {"readers": READERS, "reader": inputs.reader, "snapshot": inputs.snapshot}
    conn.execute(query("refresh/remember_build"), values)


def _files(project: Path) -> Iterator[bytes]:
    for path in sorted(project.rglob("*")):
        place = path.relative_to(project)
        if path.is_file() and place.parts[0] not in WRITTEN_BY_DBT:
            yield str(place).encode()
            yield path.read_bytes()


def _digest(parts: Iterator[bytes]) -> str:
    """SHA-256 over the parts, each after its length: no two lists read alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()
