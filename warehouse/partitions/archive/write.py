"""Writes rows to Parquet files as they come, a row group at a time, and says what they hold."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.partitions.archive.columns import Carried
from warehouse.partitions.archive.files import Folder, Sink
from warehouse.partitions.archive.manifest import File
from warehouse.partitions.archive.rows import Tally, decode, schemas
from warehouse.partitions.archive.wire import Tuples


@dataclass(frozen=True)
class Layout:
    """How files are cut; a row group is held in memory until it is written."""

    rows_a_group: int = 131_072
    bytes_a_group: int = 64 << 20
    rows_a_file: int = 8_388_608


LAYOUT = Layout()
DELTA = "DELTA_BINARY_PACKED"


@dataclass
class Span:
    """The nulls, the lowest and the highest value of a column, as the row groups say."""

    nulls: int = 0
    lowest: Any = None
    highest: Any = None

    def widen(self, statistics: Any) -> None:
        if statistics is None:
            return
        self.nulls += statistics.null_count or 0
        if statistics.has_min_max:
            # Times as the file counts them: Python's own end before PostgreSQL's do.
            timed = statistics.logical_type.type in ("DATE", "TIMESTAMP")
            low = statistics.min_raw if timed else statistics.min
            high = statistics.max_raw if timed else statistics.max
            self.lowest = low if self.lowest is None else min(self.lowest, low)
            self.highest = high if self.highest is None else max(self.highest, high)


@dataclass
class Written:
    """What was written."""

    files: list[File] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


class Output:
    """One Parquet file, which collects rows until they make a group."""

    def __init__(self, sink: Sink, writer: Any, schema: pa.Schema, layout: Layout) -> None:
        self.rows = 0
        self.sink = sink
        self.writer = writer
        self._schema = schema
        self._layout = layout
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self.rows += batch.num_rows
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        full = self._held_bytes >= self._layout.bytes_a_group
        if full or self._held_rows >= self._layout.rows_a_group:
            self.flush()

    def flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held, self._schema)
            self.writer.write_table(table, row_group_size=len(table))
        self._held, self._held_rows, self._held_bytes = [], 0, 0

    def file(self, name: str, scales: File | None = None) -> File:
        """What was written, once all of it is."""
        return File(
            name=name,
            rows=self.rows,
            bytes=self.sink.size,
            sha256=self.sink.sha256,
            scales=scales,
        )


def write(
    folder: Folder,
    columns: Sequence[Carried],
    key: Sequence[str],
    chunks: Iterable[Tuples],
    layout: Layout = LAYOUT,
) -> Written:
    """Write all chunks; at least one file comes of it, so that the columns are told."""
    done, source = Written(), iter(chunks)
    chunk = next(source, None)
    while True:
        name = f"part-{len(done.files):05d}.parquet"
        with ExitStack() as stack:
            outputs = _outputs(stack, folder, name, columns, key, layout)
            while chunk is not None and outputs[0].rows < layout.rows_a_file:
                done.tally.add(chunk.octets, len(chunk))
                batch = decode(columns, chunk)
                for output, rows in zip(outputs, (batch.rows, batch.scales), strict=False):
                    output.add(rows)
                chunk = next(source, None)
        done.files.append(_described(name, outputs))
        _widen(done.spans, outputs[0].writer.writer.metadata)
        if chunk is None:
            return done


def scales_name(name: str) -> str:
    """Not `*.parquet`: who reads the folder by that pattern gets the table's columns alone."""
    return f"_{name.removesuffix('.parquet')}.scales"


def _outputs(
    stack: ExitStack,
    folder: Folder,
    name: str,
    columns: Sequence[Carried],
    key: Sequence[str],
    layout: Layout,
) -> list[Output]:
    """The file of rows and, where decimals were given variously, the one of scales."""
    rows, scales = schemas(columns)
    outputs = [stack.enter_context(_output(folder, name, rows, key, layout))]
    if scales.names:
        outputs.append(stack.enter_context(_output(folder, scales_name(name), scales, (), layout)))
    return outputs


@contextmanager
def _output(
    folder: Folder, name: str, schema: pa.Schema, key: Sequence[str], layout: Layout
) -> Iterator[Output]:
    with folder.create(name) as sink:
        writer = parquet(pa.PythonFile(sink, mode="w"), schema, key)
        output = Output(sink, writer, schema, layout)
        try:
            yield output
            output.flush()
        except BaseException:
            sink.give_up()
            raise
        finally:
            writer.close()


def parquet(where: Any, schema: pa.Schema, key: Sequence[str]) -> Any:
    """A writer that packs what we have in it, in encodings that every reader of Parquet knows."""
    order = [(column, "ascending") for column in key if column in schema.names]
    return pq.ParquetWriter(
        where,
        schema,
        compression="zstd",
        write_statistics=True,
        write_page_index=True,
        store_decimal_as_integer=True,
        use_dictionary=[each.name for each in schema if pa.types.is_string(each.type)],
        column_encoding={each.name: DELTA for each in schema if _counts_up(each.type)},
        sorting_columns=pq.SortingColumn.from_ordering(schema, order) if order else None,
    )


def _counts_up(kind: pa.DataType) -> bool:
    """Keys and times, which follow one another: as differences they take a third of the room."""
    wide = pa.types.is_int32(kind) or pa.types.is_int64(kind)
    return bool(wide or pa.types.is_timestamp(kind) or pa.types.is_date32(kind))


def _described(name: str, outputs: Sequence[Output]) -> File:
    scales = outputs[1].file(scales_name(name)) if len(outputs) > 1 else None
    return outputs[0].file(name, scales)


def _widen(spans: dict[str, Span], metadata: Any) -> None:
    for group in range(metadata.num_row_groups):
        held = metadata.row_group(group)
        for place in range(held.num_columns):
            chunk = held.column(place)
            spans.setdefault(chunk.path_in_schema, Span()).widen(chunk.statistics)
