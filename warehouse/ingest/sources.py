"""Finds the files that a command names, tells what they are, and opens them as plain bytes.

What the bytes say is read by `csv_rows`, `json_rows` and `parquet_rows`.
"""

import glob
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from warehouse.ingest.errors import BadFile
from warehouse.ingest.formats import SUFFIXES, Format

STANDARD_INPUT = "-"
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET = b"PAR1"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file, seen whole once; `name` is null for standard input."""

    name: str | None
    path: Path
    sha256: bytes
    size: int
    stamp: int
    format: Format
    compression: str | None

    @property
    def title(self) -> str:
        return called(self.name or STANDARD_INPUT)

    @contextmanager
    def open(self) -> Iterator["Opened"]:
        """Its bytes, unpacked; what cannot be unpacked to its end raises OSError."""
        with pa.OSFile(str(self.path)) as file, _unpacked(file, self.compression) as stream:
            yield Opened(stream, file, self.size)

    @property
    def ends_a_line(self) -> bool:
        """Whether its last line ends; what is packed or Parquet would not open if it were cut."""
        if self.compression or self.format is Format.PARQUET or not self.size:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, SEEK_END)
            return file.read(1) in b"\r\n\0"  # UTF-16 ends so

    def refuse_if_changed(self) -> None:
        """What was hashed must be what was read."""
        if _stamp(self.path) != self.stamp:
            raise BadFile(
                f"{self.title} changed while it was being read. Nothing of it was kept; "
                "load it again when whoever writes it is done."
            )


def expand(names: Sequence[str]) -> list[str]:
    """The files that names and patterns stand for, in order; one that fits none stays, as a file that is missing."""
    found: list[str] = []
    for name in names:
        if name == STANDARD_INPUT or not glob.has_magic(name) or Path(name).exists():
            found.append(name)
            continue
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - patterns may be absolute
        found.extend([each for each in matches if not Path(each).is_dir()] or [name])
    return found


def called(name: str) -> str:
    """What messages call a file that is named so."""
    return "standard input" if name == STANDARD_INPUT else name


@dataclass(frozen=True)
class Opened:
    """A file that is being read."""

    stream: BinaryIO
    file: BinaryIO
    size: int

    @property
    def share(self) -> float:
        """How much of it was read."""
        return self.file.tell() / max(self.size, 1)


@contextmanager
def seen(name: str, format_: Format | None = None) -> Iterator[Source]:
    """A file, hashed; standard input is put into a file first, for its identity comes before its rows."""
    if name == STANDARD_INPUT:
        with tempfile.NamedTemporaryFile(prefix="warehouse-ingest-") as spool:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            spool.flush()
            yield _source(None, Path(spool.name), format_)
        return
    path = Path(name)
    if path.is_dir():
        raise BadFile(f"{name} is a directory. Nothing was loaded; name its files: '{name}/*.csv'.")
    if not path.exists():
        raise BadFile(f"There is no file {name}. Nothing was loaded.")
    yield _source(name, path, format_)


def _source(name: str | None, path: Path, format_: Format | None) -> Source:
    stamp = _stamp(path)
    compression = _compression(path)
    try:
        digest, head = _digest(path, compression)
    except OSError:
        digest, head = _digest(path, None)  # of what is no whole file; reading it will say why
    guessed = format_ or _format(name, head)
    return Source(name, path, digest, path.stat().st_size, stamp, guessed, compression)


def _stamp(path: Path) -> int:
    found = path.stat()
    return hash((found.st_ino, found.st_size, found.st_mtime_ns))


def _compression(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(max(map(len, MAGIC)))
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)


def _digest(path: Path, compression: str | None) -> tuple[bytes, bytes]:
    """The hash of what is in the file, which packed in another way is the same; and how it begins."""
    with pa.OSFile(str(path)) as file, _unpacked(file, compression) as stream:
        head = stream.read(64)
        digest = hashlib.sha256(head)
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.digest(), head


def _unpacked(file: pa.NativeFile, compression: str | None) -> pa.NativeFile:
    return pa.CompressedInputStream(file, compression) if compression else file


def _format(name: str | None, head: bytes) -> Format:
    """By what it begins with, else by its name; the rest is taken for CSV."""
    if head.startswith(PARQUET):
        return Format.PARQUET
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return Format.NDJSON
    suffixes = Path(name or "").suffixes
    return next((SUFFIXES[s] for s in reversed(suffixes) if s in SUFFIXES), Format.CSV)
