"""A partition's rows between the server and Arrow, in chunks of bounded size, and their digest."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from psycopg import Connection, Copy, sql
from psycopg.errors import error_from_result

from warehouse.partitions.archive.ahead import ahead
from warehouse.partitions.archive.codecs import Cells, Codec, Unrepresentable, lay_out
from warehouse.partitions.archive.columns import Carried
from warehouse.partitions.archive.decimals import Decimal
from warehouse.partitions.archive.errors import ArchiveError, Misfit
from warehouse.partitions.archive.wire import HEADER, TRAILER, Tuples

# Measured: larger chunks fall out of the processor's cache and are coded more slowly.
ROWS_A_CHUNK = 8_192
BYTES_A_CHUNK = 16 << 20
ROWS_AT_ONCE = 64

SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "jit": "off",
    "work_mem": "64MB",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    # A killed tool's query ends with it.
    "client_connection_check_interval": "1s",
}


class Tally:
    """Counts and hashes rows as they go by."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.sha256()

    def add(self, octets: bytes | memoryview, rows: int) -> None:
        self._digest.update(octets)
        self.rows += rows

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Batch:
    """Some rows as Arrow columns; `scales` has the decimals given, of the columns that need it."""

    rows: pa.RecordBatch
    scales: pa.RecordBatch | None


def settle(conn: Connection[Any]) -> None:
    """Settings under which the same rows always come the same way, for this transaction."""
    for name, value in SETTINGS.items():
        conn.execute("select set_config(%s, %s, true)", [name, value])


@contextmanager
def snapshot(conn: Connection[Any]) -> Iterator[None]:
    """A transaction that reads one state of the database, however long it takes."""
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        settle(conn)
        yield


@contextmanager
def sent(conn: Connection[Any], statement: sql.Composed) -> Iterator[Iterator[Tuples]]:
    """The tuples that a COPY sends, received while the ones before are worked on."""
    with conn.cursor() as cursor:
        with cursor.copy(statement) as copy, closing(ahead(_chunks(conn, copy))) as chunks:
            counted = _counted(chunks)
            yield counted
        if counted.rows != cursor.rowcount:
            raise ArchiveError(
                f"the server sent {cursor.rowcount} rows and {counted.rows} arrived; nothing was kept"
            )


class _counted(Iterator[Tuples]):  # noqa: N801 - reads as a word
    def __init__(self, chunks: Iterator[Tuples]) -> None:
        self._chunks = chunks
        self.rows = 0

    def __next__(self) -> Tuples:
        chunk = next(self._chunks)
        self.rows += len(chunk)
        return chunk


def _chunks(conn: Connection[Any], copy: Copy) -> Iterator[Tuples]:
    """The rows, so many at a time that they are worth decoding together."""
    held: list[bytes] = []
    size = 0
    for some in _messages(conn, copy):
        if some[-1] == TRAILER:
            some.pop()
        held += some
        size += sum(map(len, some))
        if len(held) >= ROWS_A_CHUNK or size >= BYTES_A_CHUNK:
            yield Tuples(held)
            held, size = [], 0
    if held:
        yield Tuples(held)


def _messages(conn: Connection[Any], copy: Copy) -> Iterator[list[bytes]]:
    """Rows and the trailer: psycopg waits until some are there, libpq itself hands out the others.

    At 0.3 µs a message, where psycopg's own loop takes 0.6. Each is copied at once: memory views by
    the thousand keep the garbage collector busy, at 1.2 µs a row.
    """
    take = conn.pgconn.get_copy_data
    message = bytes(copy.read())
    if not message.startswith(HEADER):
        raise ArchiveError("the server did not send a binary COPY; nothing was kept")
    message = message[len(HEADER) :] or bytes(copy.read())
    some: list[bytes] = []
    while message:
        some.append(message)
        while len(some) < ROWS_AT_ONCE and some[-1] != TRAILER:
            size, behind = take(1)
            if size < 0:
                raise _broken_off(conn)
            if size == 0:
                break
            some.append(bytes(behind))
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
        message = bytes(copy.read())
    if some:
        yield some


def _broken_off(conn: Connection[Any]) -> Exception:
    """Why the server ended the rows before their trailer; leaves the connection ready for others."""
    error: Exception = ArchiveError(
        "the server stopped in the middle of the rows; nothing was kept"
    )
    while result := conn.pgconn.get_result():
        error = error_from_result(result)
    return error


def digest(conn: Connection[Any], statement: sql.Composed) -> Tally:
    """What a table's rows amount to."""
    tally = Tally()
    with sent(conn, statement) as chunks:
        for chunk in chunks:
            tally.add(chunk.octets, len(chunk))
    return tally


# -- Arrow -----------------------------------------------------------------------------------------


def schemas(columns: Sequence[Carried]) -> tuple[pa.Schema, pa.Schema]:
    """What the files of an archive hold, and what the files of scales beside them."""
    rows = [pa.field(c.name, c.codec.arrow, nullable=not c.not_null) for c in columns]
    scales = [pa.field(c.name, pa.int16()) for c in columns if c.scales_kept]
    return pa.schema(rows), pa.schema(scales)


def decode(columns: Sequence[Carried], chunk: Tuples) -> Batch:
    """Tuples as Arrow columns."""
    held, found = chunk.fields(len(columns)), schemas(columns)
    arrays, scales = [], []
    for column in columns:
        try:
            codec = column.codec
            field = held.take(codec.head)
            if isinstance(codec, Decimal):
                array, scale = codec.decode_with_scales(field)
                if column.scales_kept:
                    scales.append(scale)
            else:
                array = codec.decode(field)
            arrays.append(array)
        except Unrepresentable as error:
            raise Misfit(f"column {column.name} holds {error}") from error
    return Batch(
        pa.RecordBatch.from_arrays(arrays, schema=found[0]),
        pa.RecordBatch.from_arrays(scales, schema=found[1]) if scales else None,
    )


def encode(columns: Sequence[Carried], batch: Batch) -> bytes:
    """Arrow columns as the tuples that they were."""
    cells: list[Cells] = []
    for column, values in zip(columns, batch.rows.columns, strict=True):
        codec: Codec = column.codec
        if isinstance(codec, Decimal):
            scales = (
                batch.scales.column(column.name) if column.scales_kept and batch.scales else None
            )
            cells.append(codec.encode(values, scales))
        else:
            cells.append(codec.encode(values))
    return lay_out(cells, batch.rows.num_rows)
