"""Gives heads away: to a file that is only added to, or to a command, so that a deleted newest seal shows.

Where they go is the operator's matter; it should be out of reach of whoever can write to the database.
"""

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import IO, Any

from psycopg import Connection

from warehouse.audit.errors import ChainBroken, PublishFailed
from warehouse.audit.heads import Head
from warehouse.audit.seals import read_heads, read_newest

PATIENCE = 60  # seconds that a command has for a head
TAIL = 1 << 16  # octets at the end of a file that hold its last head for sure


def line(head: Head) -> bytes:
    """A head as it is published."""
    return json.dumps(head.as_json(), sort_keys=True).encode() + b"\n"


def published_heads(path: Path) -> dict[int, Head]:
    """The heads of a file by their seal; a last line that was cut off by a crash is none."""
    try:
        whole = (each for each in path.read_bytes().splitlines(keepends=True) if each[-1:] == b"\n")
        return {head.seal_id: head for head in map(_read, whole)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishFailed(
            f"{path} holds no published heads ({error}); nothing was compared."
        ) from error


class Publisher:
    """Knows what it gave away; a new one offers the newest head again, for it cannot know."""

    def __init__(self, file: Path | None = None, command: str | None = None) -> None:
        self.file, self.command = file, command
        self.offered = 0

    def publish(self, conn: Connection[Any]) -> None:
        """Give away what was sealed since."""
        if self.file:
            publish_to_file(conn, self.file)
        newest = read_newest(conn) if self.command else None
        if self.command and newest:
            for head in read_heads(conn, self.offered or newest.head.seal_id - 1):
                _hand_over(self.command, head)
                self.offered = head.seal_id


def publish_to_file(conn: Connection[Any], path: Path) -> None:
    """Append every head that the file lacks, and make it durable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        last = _last(file)
        heads = list(read_heads(conn, last.seal_id - 1 if last else 0))
        if last and (not heads or heads.pop(0).hash != last.hash):
            raise ChainBroken(
                f"Seal {last.seal_id} was published to {path}, and the database does not hold it any "
                "more. Nothing was published; `warehouse audit verify --published` says more."
            )
        file.writelines(map(line, heads))
        file.flush()
        os.fsync(file.fileno())


def _last(file: IO[bytes]) -> Head | None:
    """The last head of a file; behind it, what a crash left of another is cut off."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size - TAIL))
    tail = file.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    file.truncate(start + len(whole))
    return _read(whole.splitlines()[-1]) if whole else None


def _read(text: bytes) -> Head:
    head: Head = Head.from_json(json.loads(text))
    return head


def _hand_over(command: str, head: Head) -> None:
    try:
        subprocess.run(shlex.split(command), input=line(head), check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        raise PublishFailed(
            f"Seal {head.seal_id} is kept, but the command did not take its head: {error}. "
            "It is offered again with the next run."
        ) from error
