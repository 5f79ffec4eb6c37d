"""Answers without an end in sight: rows go from COPY to the client in pieces, in constant memory.

The database waits while the client does not read, and stops when it has left.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from api.errors import DRIVER_ERRORS, from_driver
from api.rows import Kind

# Rows are turned into Arrow, and compressed, a piece at a time and beside the loop.
PIECE = 256 * 1024
AHEAD = 2
# A JSON text holds neither of these, so COPY has nothing to quote and writes it as it is.
PLAIN = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}
COPY_OPTIONS: dict[str, dict[str, Any]] = {
    "csv": {"format": "csv", "header": True},
    "ndjson": PLAIN,
    "arrow": {"format": "csv"},
}


class Converter(Protocol):
    """Turns pieces of COPY's output, whole rows each, into pieces of the answer."""

    def convert(self, piece: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


class _Pieces(io.RawIOBase):
    """A file that hands out what was written to it since it was last asked."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def take(self) -> bytes:
        made = b"".join(self.parts)
        self.parts.clear()
        return made


class Text:
    """Text as COPY wrote it, compressed if asked."""

    def __init__(self, encoding: str | None) -> None:
        self.pieces = _Pieces()
        self.out = _opened(self.pieces, encoding)

    def convert(self, piece: bytes) -> bytes:
        self.out.write(piece)
        return self.pieces.take()

    def finish(self) -> bytes:
        self.out.close()
        return self.pieces.take()


class Arrow:
    """CSV read into record batches by Arrow's own reader, which is quicker than a loop of ours."""

    def __init__(self, columns: dict[str, Kind], encoding: str | None) -> None:
        import pyarrow as pa

        self.schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns.items()])
        self.pieces = _Pieces()
        self.out = _opened(self.pieces, encoding)
        self.writer = pa.ipc.new_stream(self.out, self.schema)

    def convert(self, piece: bytes) -> bytes:
        from pyarrow import csv

        table = csv.read_csv(
            io.BytesIO(piece),
            csv.ReadOptions(
                column_names=self.schema.names, use_threads=False, block_size=len(piece) + 1
            ),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=self.schema,
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        self.writer.write_table(table)
        return self.pieces.take()

    def finish(self) -> bytes:
        self.writer.close()
        self.out.close()
        return self.pieces.take()


def arrow_type(kind: Kind) -> Any:
    import pyarrow as pa

    return {
        Kind.KEY: pa.int64(),
        Kind.INTEGER: pa.int64(),
        Kind.FLOAT: pa.float64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.INSTANT: pa.timestamp("us", tz="UTC"),
        Kind.DAY: pa.date32(),
    }.get(kind, pa.string())


def converter(form: str, columns: dict[str, Kind], encoding: str | None) -> Converter:
    return Arrow(columns, encoding) if form == "arrow" else Text(encoding)


@asynccontextmanager
async def copied(
    connection: Any, statement: str, arguments: Sequence[object], form: str, seconds: float
) -> AsyncIterator[AsyncIterator[bytes]]:
    """COPY's output in pieces of whole rows; leaving the block early cancels it in the server."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(AHEAD)
    gathered = bytearray()

    async def gather(part: bytes) -> None:
        gathered.extend(part)
        if len(gathered) >= PIECE:
            await pieces.put(bytes(gathered))
            gathered.clear()

    async def run() -> None:
        try:
            await connection.copy_from_query(
                statement, *arguments, output=gather, timeout=seconds, **COPY_OPTIONS[form]
            )
            await pieces.put(bytes(gathered))
        finally:
            await pieces.put(None)

    task = asyncio.create_task(run())
    try:
        yield _drained(pieces, task)
    finally:
        while not task.done():
            task.cancel()
            with suppress(asyncio.QueueEmpty):
                pieces.get_nowait()
            await asyncio.wait({task}, timeout=0.1)
        if not task.cancelled():
            task.exception()


async def _drained(
    pieces: asyncio.Queue[bytes | None], task: asyncio.Task[None]
) -> AsyncIterator[bytes]:
    while (piece := await pieces.get()) is not None:
        yield piece
    try:
        await task
    except DRIVER_ERRORS as error:
        raise from_driver(error) from error


def _opened(pieces: _Pieces, encoding: str | None) -> Any:
    import pyarrow as pa

    out = pa.PythonFile(pieces, "w")
    return pa.CompressedOutputStream(out, encoding) if encoding else out
