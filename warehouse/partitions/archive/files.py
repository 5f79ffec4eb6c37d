"""A folder of files on a disk or any store that fsspec reaches; a file is there whole or not at all."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import UnsupportedOperation
from typing import Any, cast

import fsspec

from warehouse.partitions.archive.errors import ArchiveDamaged, ArchiveError

UNFINISHED = ".part"
BLOCK = 1 << 22


class Sink:
    """A file being written, which counts and hashes what goes in."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._digest = hashlib.sha256()
        self._given_up = False
        self.size = 0
        self.closed = False

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, octets: Any) -> int:
        """A sink that was given up takes what its writer still has, and keeps none of it."""
        if not self._given_up:
            self._handle.write(octets)
            self._digest.update(octets)
            self.size += len(octets)
        return len(octets)

    def give_up(self) -> None:
        self._given_up = True

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Left to `settle`: the Parquet writer flushes after every row group."""

    def close(self) -> None:
        self.closed = True

    def settle(self) -> None:
        """On a disk, wait until what was written has reached it."""
        self._handle.flush()
        try:
            descriptor = self._handle.fileno()
        except (AttributeError, UnsupportedOperation):
            return
        os.fsync(descriptor)


@dataclass(frozen=True)
class Folder:
    """A place for the files of one archive."""

    url: str
    fs: Any
    path: str

    @contextmanager
    def create(self, name: str) -> Iterator[Sink]:
        """Write a file under a temporary name; it gets its own when all of it is there."""
        unfinished = self._at(name + UNFINISHED)
        self.fs.makedirs(self.path, exist_ok=True)
        handle = self.fs.open(unfinished, "wb")
        sink = Sink(handle)
        try:
            yield sink
            sink.settle()
            handle.close()
        except BaseException:
            sink.give_up()
            with suppress(OSError):
                handle.close()
            raise
        self.fs.mv(unfinished, self._at(name))

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Read a file; the one that is not there is named."""
        try:
            handle = self.fs.open(self._at(name), "rb")
        except FileNotFoundError as error:
            raise ArchiveDamaged(
                f"{self.url}/{name} is missing; nothing was changed. Bring the file back from a copy."
            ) from error
        with handle:
            yield handle

    def check(self, name: str, size: int, sha256: str) -> None:
        """Read a file once and compare it with what was written."""
        digest, seen = hashlib.sha256(), 0
        with self.open(name) as handle:
            while block := handle.read(BLOCK):
                digest.update(block)
                seen += len(block)
        if digest.hexdigest() != sha256:
            raise ArchiveDamaged(
                f"{self.url}/{name} is damaged: its SHA-256 is {digest.hexdigest()} over {seen} "
                f"bytes where {sha256} over {size} was written. Nothing was changed; bring the "
                "file back from a copy."
            )

    def settle(self) -> None:
        """On a disk, make the files' names last, too."""
        if "file" in _protocols(self.fs):
            directory = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def remove(self) -> None:
        """Take away everything; a folder that is not there is fine."""
        with suppress(FileNotFoundError):
            self.fs.rm(self.path, recursive=True)

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}"


def folder(url: str) -> Folder:
    """The folder at a URL, or on the disk where it is no URL."""
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise ArchiveError(
            f"{url} cannot be reached: {error}. Nothing was written; give a folder, or a URL that "
            "fsspec knows and whose package is installed."
        ) from error
    return Folder(url.rstrip("/"), fs, path.rstrip("/"))


def is_full(error: BaseException) -> bool:
    """Whether a disk ran out of room."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _protocols(fs: Any) -> tuple[str, ...]:
    return cast("tuple[str, ...]", (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)
