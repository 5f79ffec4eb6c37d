"""Reads an archive's files back: whole and unaltered, then row by row as the server takes them."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.partitions.archive.ahead import spread
from warehouse.partitions.archive.errors import ArchiveDamaged
from warehouse.partitions.archive.files import Folder
from warehouse.partitions.archive.manifest import File, Manifest
from warehouse.partitions.archive.rows import ROWS_A_CHUNK, Batch, Tally, encode


def check_files(folder: Folder, manifest: Manifest) -> None:
    """Compare every file with the hash it was written with."""
    for file in manifest.all_files:
        folder.check(file.name, file.bytes, file.sha256)


@contextmanager
def tuples(folder: Folder, manifest: Manifest) -> Iterator[Iterator[tuple[bytes, int]]]:
    """All rows in their order, as the body of a binary COPY, and how many come at a time."""

    def encoded(batch: Batch) -> tuple[bytes, int]:
        return encode(manifest.columns, batch), batch.rows.num_rows

    with (
        closing(_batches(folder, manifest)) as batches,
        closing(spread(encoded, batches)) as chunks,
    ):
        yield chunks


def read_back(folder: Folder, manifest: Manifest) -> Tally:
    """What the files' rows amount to, in the same form as the table's."""
    tally = Tally()
    with tuples(folder, manifest) as chunks:
        for octets, rows in chunks:
            tally.add(octets, rows)
    return tally


def _batches(folder: Folder, manifest: Manifest) -> Generator[Batch, None, None]:
    for file in manifest.files:
        yield from _batches_of(folder, file)


def _batches_of(folder: Folder, file: File) -> Iterator[Batch]:
    with ExitStack() as stack:
        rows = _opened(stack, folder, file.name)
        if file.scales is None:
            yield from (Batch(batch, None) for batch in rows)
        else:
            yield from _side_by_side(rows, _opened(stack, folder, file.scales.name))


def _side_by_side(rows: Iterator[Any], scales: Iterator[Any]) -> Iterator[Batch]:
    """Two files' batches end where their own pages do, so the second is cut to fit the first."""
    held: Any = next(scales, None)
    for batch in rows:
        parts = []
        wanted = batch.num_rows
        while wanted:
            part = held.slice(0, wanted)
            held = held.slice(len(part)) if len(part) < len(held) else next(scales, None)
            wanted -= len(part)
            parts.append(part)
        yield Batch(batch, pa.concat_batches(parts))


def _opened(stack: ExitStack, folder: Folder, name: str) -> Iterator[Any]:
    handle = stack.enter_context(folder.open(name))
    try:
        return _read(pq.ParquetFile(handle))
    except pa.ArrowInvalid as error:
        raise ArchiveDamaged(
            f"{folder.url}/{name} cannot be read: {error}. Nothing was changed; bring the file "
            "back from a copy."
        ) from error


def _read(file: Any) -> Iterator[Any]:
    """Group by group: a batch across groups would hold as many of them as it takes to fill it."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(ROWS_A_CHUNK, row_groups=[group])
