"""Reads Parquet in batches of bounded size; a row's line is its number in the file."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.ingest.errors import BadFile
from warehouse.ingest.rows import HEAD, Chunk

ROWS = 32_768  # as many as a block of text holds; 131,072 took a load past 300 MB


def row_count(path: Path) -> int:
    """How many rows the file says it has."""
    return int(pq.read_metadata(path).num_rows)


def chunks(path: Path, wanted: Collection[str] | None = None) -> Iterator[Chunk]:
    """The rows in batches; the columns that nobody wants are not read."""
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except pa.ArrowException as error:
        raise _not_whole(error) from error
    names = [name for name in file.schema_arrow.names if wanted is None or name in wanted]
    line = 1
    with file:
        for batch in file.iter_batches(ROWS, columns=names, use_threads=False):
            lines = np.arange(line, line + batch.num_rows)
            columns = {
                name: _plain(column) for name, column in zip(names, batch.columns, strict=True)
            }
            yield Chunk(lines, columns, lambda n, batch=batch: _raw(batch, n))  # type: ignore[misc]
            line += batch.num_rows


def names(path: Path) -> list[str]:
    """The columns that the file has."""
    try:
        return list(pq.read_schema(path).names)
    except pa.ArrowException as error:
        raise _not_whole(error) from error


def _not_whole(error: Exception) -> BadFile:
    return BadFile(f"The file is no whole Parquet: {str(error).rstrip('.')}. Nothing was loaded.")


def _plain(column: pa.Array) -> pa.Array:
    """Without dictionaries and large offsets, which say nothing about the values."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(kind):
        return pa.array(
            [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()],
            pa.string(),
        )
    return column


def _raw(batch: pa.RecordBatch, row: int) -> str:
    values: dict[str, Any] = {
        name: column[row].as_py()
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    return json.dumps(values, default=str, ensure_ascii=False).replace("\\u0000", "\\\\x00")[:HEAD]
