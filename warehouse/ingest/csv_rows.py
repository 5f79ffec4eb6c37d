"""Reads CSV: whole blocks by pyarrow, and row by row where a stray quote makes that impossible.

Every row keeps the number of the line it begins on and the bytes it was read from.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from warehouse.ingest.errors import BadFile
from warehouse.ingest.lines import LONGEST, Buffer, too_long
from warehouse.ingest.rows import WHOLE_ROW, Chunk, Lines, Reject, shown

DELIMITERS = ",;\t|"
NEWLINE, RETURN, QUOTE = 10, 13, 34
UNCLOSED = "opens a quote that nothing closes"

Ends = NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written; what is left open is told by the file's header."""

    delimiter: str | None = None
    encoding: str | None = None
    columns: tuple[str, ...] | None = None  # where the file has no header
    nulls: tuple[str, ...] = ("",)


def chunks(stream: BinaryIO, dialect: Dialect, known: Collection[str]) -> Iterator[Chunk]:
    """The rows in blocks; `known` are the names a header may have, which tell its delimiter."""
    buffer = Buffer(stream, dialect.encoding)
    parser = _header(buffer, dialect, known)
    yield parser.nothing([])  # a file without rows has columns too
    while buffer.fill():
        if endless := buffer.skip_endless():
            yield parser.nothing([endless])
            continue
        chunk, used = parser.take(buffer)
        buffer.use(used)
        if chunk is not None:
            yield chunk


def _header(buffer: Buffer, dialect: Dialect, known: Collection[str]) -> "_Parser":
    buffer.fill()
    if dialect.columns:
        return _Parser(dialect.columns, dialect.delimiter or ",", dialect.nulls)
    while not buffer.final and b"\n" not in buffer.data and len(buffer.data) <= LONGEST:
        buffer.fill()
    line, _, _ = buffer.data.partition(b"\n")
    if not line.strip() or len(line) > LONGEST:
        raise BadFile("The file is empty, or has no header in its first line. Nothing was loaded.")
    if b"\0" in line:
        raise BadFile(
            "The first line holds NUL characters: the file is no text, or in an encoding of two bytes a "
            'character. Nothing was loaded; name it in the mapping: encoding = "utf-16-le".'
        )
    text = line.rstrip(b"\r").decode("utf-8", "backslashreplace")
    delimiter = dialect.delimiter or _delimiter(text, known)
    try:
        names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter))]
    except csv.Error as error:
        raise BadFile(f"The first line is no header: {error}. Nothing was loaded.") from error
    twice = [str(n) for n, name in enumerate(names, 1) if names.count(name) > 1]
    if twice:
        raise BadFile(
            f"The header has a name more than once, in columns {', '.join(twice)}. Nothing was loaded; "
            "give each column a name of its own, or, where the file has no header, the columns' names as "
            "`header` in the mapping."
        )
    buffer.use(len(line) + 1)
    return _Parser(names, delimiter, dialect.nulls)


def _delimiter(text: str, known: Collection[str]) -> str:
    """The one that cuts the most names out of the header that mean something."""
    return max(
        DELIMITERS, key=lambda each: len({n.strip(' "') for n in text.split(each)} & set(known))
    )


class _Parser:
    """Takes rows out of a buffer, and says how many bytes they were."""

    def __init__(self, names: Sequence[str], delimiter: str, nulls: Sequence[str]) -> None:
        self._names = list(names)
        self._delimiter = delimiter
        self._nulls = list(nulls)

    def nothing(self, unread: list[Reject]) -> Chunk:
        columns = {name: pa.array([], pa.string()) for name in self._names}
        return Chunk(np.empty(0, np.int64), columns, lambda _: "", unread)

    def take(self, buffer: Buffer) -> tuple[Chunk | None, int]:
        newlines, ends = _record_ends(buffer.data)
        used = int(ends[-1]) + 1 if len(ends) else 0
        if used:
            found = self._at_once(buffer.data[:used], buffer.line, newlines, ends)
            return (found, used) if found else self._one_by_one(buffer, used)
        if buffer.final or len(buffer.data) > LONGEST:
            return self._one_by_one(buffer, len(buffer.data))
        return None, 0

    # -- all rows of a block -----------------------------------------------------------------------

    def _at_once(self, data: bytes, line: int, newlines: Ends, ends: Ends) -> Chunk | None:
        """None where pyarrow sees other rows than the quotes say."""
        starts = np.concatenate([[0], ends[:-1] + 1])
        lines = line + np.searchsorted(newlines, starts)
        misfits: list[tuple[int, int]] = []

        def note(row: pyarrow.csv.InvalidRow) -> str:
            misfits.append((row.number - 1, row.actual_columns))
            return "skip"

        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(data),
                pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=len(data) + 1, column_names=self._names
                ),
                pyarrow.csv.ParseOptions(
                    delimiter=self._delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                pyarrow.csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(self._names, pa.binary()),
                    null_values=self._nulls,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows + len(misfits) != len(ends):
            return None
        return self._chunk(table.combine_chunks(), data, lines, starts, ends, misfits)

    def _chunk(
        self,
        table: pa.Table,
        data: bytes,
        lines: Lines,
        starts: Ends,
        ends: Ends,
        misfits: list[tuple[int, int]],
    ) -> Chunk:
        there = np.ones(len(ends), bool)
        unread = []
        for row, fields in misfits:
            there[row] = False
            raw = _raw(data, starts[row], ends[row])
            if raw.strip():
                unread.append(self._misfit(int(lines[row]), raw, fields))
        long = np.flatnonzero((ends - starts > LONGEST) & there)
        blank = np.flatnonzero(_blank(data, starts, ends) & there)
        there[long] = False
        unread += [
            too_long(
                int(lines[row]), _raw(data, starts[row], ends[row]), int(ends[row] - starts[row])
            )
            for row in long
        ]
        if len(long) or len(blank):
            kept = np.ones(table.num_rows, bool)
            before = np.cumsum(np.isin(np.arange(len(ends)), [row for row, _ in misfits]))
            kept[long - before[long]] = False
            kept[blank - before[blank]] = False
            there[blank] = False
            table = table.filter(pa.array(kept))
        lines, starts, ends = lines[there], starts[there], ends[there]
        columns = {
            name: column.chunk(0) if column.num_chunks else pa.array([], pa.binary())
            for name, column in zip(self._names, table.columns, strict=True)
        }
        return Chunk(lines, columns, lambda n: shown(_raw(data, starts[n], ends[n])), unread)

    def _misfit(self, line: int, raw: bytes, fields: int) -> Reject:
        reason = f"has {fields} field{'s' * (fields != 1)}, the header {len(self._names)}"
        return Reject(line, shown(raw), {WHOLE_ROW: reason})

    # -- one row after the other -------------------------------------------------------------------

    def _one_by_one(self, buffer: Buffer, size: int) -> tuple[Chunk, int]:
        """A quote in the middle of a field is a character; one that opens and never closes costs its line."""
        data, at, line = buffer.data, 0, buffer.line
        rows: list[list[str | None]] = []
        lines: list[int] = []
        raws: list[bytes] = []
        unread: list[Reject] = []
        while at < size:
            end, found = self._record(data, at, size)
            if found is None and not buffer.final and len(data) - at <= LONGEST:
                break
            if found is None:
                end = data.index(b"\n", at) + 1
                found = UNCLOSED
            raw = _raw(data, at, end - 1)
            if isinstance(found, str):
                unread.append(Reject(line, shown(raw), {WHOLE_ROW: found}))
            elif len(raw) > LONGEST:
                unread.append(too_long(line, raw, len(raw)))
            elif raw.strip() and len(found) != len(self._names):
                unread.append(self._misfit(line, raw, len(found)))
            elif raw.strip():
                rows.append([None if value in self._nulls else value for value in found])
                lines.append(line)
                raws.append(raw)
            line += data.count(b"\n", at, end)
            at = end
        listed = zip(*rows, strict=True) if rows else ((),) * len(self._names)
        columns = {
            name: pa.array(values, pa.string())
            for name, values in zip(self._names, listed, strict=True)
        }
        return Chunk(np.array(lines, np.int64), columns, lambda n: shown(raws[n]), unread), at

    def _record(self, data: bytes, at: int, size: int) -> tuple[int, list[str] | str | None]:
        """Where the row ends, with its fields, or what is wrong with it, or None where it does not end."""
        end = at
        while end < size and end - at <= LONGEST:
            end = data.index(b"\n", end) + 1
            try:
                text = data[at:end].decode()
                return end, next(
                    csv.reader(
                        text.splitlines(keepends=True), delimiter=self._delimiter, strict=True
                    ),
                    [],
                )
            except UnicodeDecodeError as error:
                return (
                    end,
                    f"is not UTF-8: byte 0x{data[at + error.start]:02x} at {error.start + 1}",
                )
            except csv.Error as error:
                if "unexpected end of data" not in str(error):
                    return end, str(error)
        return end, None


def _record_ends(data: bytes) -> tuple[Ends, Ends]:
    """All newlines, and those that end a row: the ones that no open quote goes across."""
    octets = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(octets == NEWLINE)
    if b'"' not in data:
        return newlines, newlines
    before = np.searchsorted(np.flatnonzero(octets == QUOTE), newlines)
    return newlines, newlines[before % 2 == 0]


def _blank(data: bytes, starts: Ends, ends: Ends) -> NDArray[np.bool_]:
    """pyarrow takes an empty line for a row of nulls."""
    returns = np.frombuffer(data, np.uint8)[starts] == RETURN
    blank: NDArray[np.bool_] = (ends == starts) | ((ends == starts + 1) & returns)
    return blank


def _raw(data: bytes, start: int, end: int) -> bytes:
    return data[start:end].rstrip(b"\r")
