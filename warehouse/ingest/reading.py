"""Reads a file of any format as chunks that are cast, and refuses one that lacks a column."""

from collections.abc import Iterator
from typing import BinaryIO

from warehouse.ingest import csv_rows, json_rows, parquet_rows
from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.formats import Format
from warehouse.ingest.mapping import Mapping
from warehouse.ingest.rows import Chunk
from warehouse.ingest.sources import Source


def casts(source: Source, binding: Binding, mapping: Mapping) -> Iterator[tuple[Cast, float]]:
    """The file's rows, cast, and which share of it has been read."""
    if source.format is Format.PARQUET:
        binding.check(parquet_rows.names(source.path))
        rows = max(parquet_rows.row_count(source.path), 1)
        for chunk in parquet_rows.chunks(source.path):
            yield binding.cast(chunk), (int(chunk.lines[-1]) if len(chunk) else 0) / rows
        return
    with source.open() as opened:
        for chunk in _texts(source.format, opened.stream, binding, mapping):
            yield binding.cast(chunk), opened.share


def _texts(form: Format, stream: BinaryIO, binding: Binding, mapping: Mapping) -> Iterator[Chunk]:
    if form is Format.NDJSON:
        yield from json_rows.chunks(stream, mapping.nulls, mapping.encoding, binding.known)
        return
    dialect = csv_rows.Dialect(mapping.delimiter, mapping.encoding, mapping.header, mapping.nulls)
    is_first = True
    for chunk in csv_rows.chunks(stream, dialect, binding.known):
        if is_first:
            binding.check(list(chunk.columns))
        is_first = False
        yield chunk


def unused(source: Source, binding: Binding, chunk: Chunk) -> list[str]:
    """The columns of the file that nothing was made of; an object may leave any of them out."""
    return [] if source.format is Format.NDJSON else binding.check(list(chunk.columns))
