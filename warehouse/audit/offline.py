"""Checks proofs and bundles without a database: `python -m warehouse.audit.offline FILE --key PUBLIC.pem`.

It needs Python, `cryptography` and this folder's `merkle`, `canonical`, `heads` and `records`. What a
proof says is printed; the exit code is 0 when it holds, 1 when it does not.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from warehouse.audit import merkle, records
from warehouse.audit.canonical import (
    EVENT_COLUMNS,
    event_leaf,
    evidence_hash,
    ids_hash,
    shapes_hash,
)
from warehouse.audit.heads import Batch, Head, Keys, read_public_keys

Page = dict[str, Any]


class Wrong(Exception):
    """It does not hold."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a proof or a bundle of the audit log.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, action="append", required=True, help="trusted, in PEM")
    given = parser.parse_args(arguments)
    try:
        keys = {
            name: key
            for path in given.key
            for name, key in read_public_keys(path.read_text()).items()
        }
        for told in check(given.file, keys):
            print(told)  # noqa: T201 - a command of its own, where the other commands cannot go
    except Wrong as wrong:
        print(f"error: {given.file} does not hold: {wrong}", file=sys.stderr)  # noqa: T201
        return 1
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"error: {given.file} cannot be checked: {error!r}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def check(path: Path, keys: Keys) -> Iterator[str]:
    """What a file proves, a sentence each."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        first = file.readline()
        if '"bundle"' in first:
            yield from Bundle(keys, json.loads(first)).check(map(json.loads, file))
            return
        page = json.loads(first + file.read())
    kinds = {"inclusion": check_inclusion, "consistency": check_consistency}
    if page.get("tapehouse") not in kinds:
        raise Wrong("it is no proof or bundle that this program knows")
    yield from kinds[page["tapehouse"]](page, keys)


def check_inclusion(page: Page, keys: Keys) -> Iterator[str]:
    """A row or an event is in the log of a signed head."""
    event, batch, head = page["event"], Batch.from_json(page["batch"]), _head(page["head"], keys)
    evidence = bytes.fromhex(event["evidence"])
    if "row" in page:
        yield from _row(page, evidence, batch)
    record = bytes.fromhex(event["record"])
    _included(
        event_leaf(record, evidence), event, batch.merkle_root, "the event is not in the batch"
    )
    _holds(event["size"] == batch.leaf_count, "the batch has another number of events")
    log = page["log"]
    _holds(log["index"] == batch.seal_id - 1, "the batch is in another place of the log")
    _holds(log["size"] == head.seal_id, "the head is of another size of the log")
    _included(batch.hash, log, head.log_root, "the batch is not in the log of the head")
    yield f"event: {json.dumps(records.read(record, EVENT_COLUMNS), ensure_ascii=False)}"
    yield f"holds: sealed in batch {batch.seal_id}, in the log of {_said(head)}"


def check_consistency(page: Page, keys: Keys) -> Iterator[str]:
    """The log of one signed head begins with the log of another."""
    old, new = _head(page["old"], keys), _head(page["new"], keys)
    path = [bytes.fromhex(each) for each in page["path"]]
    _holds(
        merkle.is_consistent(old.seal_id, old.log_root, new.seal_id, new.log_root, path),
        f"the log of head {new.seal_id} does not begin with that of head {old.seal_id}",
    )
    yield f"holds: the log of {_said(old)} is the beginning of the log of {_said(new)}"


def _row(page: Page, evidence: bytes, batch: Batch) -> Iterator[str]:
    row, parts = page["row"], page["event"]["parts"]
    roots = bytes.fromhex(parts["rows_root"]), bytes.fromhex(parts["images_root"])
    _holds(
        evidence_hash(parts["rows"], roots[0], parts["images"], roots[1]) == evidence,
        "the event names other rows",
    )
    record = bytes.fromhex(row["record"])
    _holds(row["size"] == parts["rows"], "the event has another number of rows")
    _included(merkle.leaf(record), row, roots[0], "the row is not among those of the event")
    _holds(shapes_hash(page["shapes"]) == batch.shapes_sha256, "the row has other columns")
    event = records.read(bytes.fromhex(page["event"]["record"]), EVENT_COLUMNS)
    _holds(
        f"{event['table_schema']}.{event['table_name']}" == row["table"],
        "the row is of another table than its event",
    )
    columns = [name for name, _ in json.loads(page["shapes"])[row["table"]]]
    told = json.dumps(records.read(record, columns), ensure_ascii=False)
    yield f"row of {row['table']}: {told}"


class Bundle:
    """The lines of a bundle, one after the other: a seal, its events, and their rows where they are told."""

    def __init__(self, keys: Keys, first: Page) -> None:
        self.keys = keys
        anchor = first["after"]
        self.head = _head(anchor["head"], keys) if anchor else None
        peaks = [bytes.fromhex(each) for each in anchor["log_peaks"]] if anchor else []
        self.log = merkle.Growing(self.head.seal_id if self.head else 0, peaks)
        _holds(
            not self.head or self.log.root() == self.head.log_root, "its beginning is another log"
        )
        self.seals = self.events = self.rows = self.absent = self.untold = 0

    def check(self, pages: Iterator[Page]) -> Iterator[str]:
        """Everything in it, and that it is whole."""
        end: Page | None = None
        page = next(pages, None)
        while page is not None and "seal" in page:
            page = self._seal(page["seal"], pages)
        end = page
        _holds(end is not None and end.get("end") == self.seals, "it is cut off")
        _holds(self.head is not None, "nothing is sealed in it")
        assert self.head
        yield f"{self.seals} seals, {self.events} events, {self.rows} rows and images recomputed"
        if self.absent:
            yield f"{self.absent} events are known by their hash alone: they were archived, or are gone"
        if self.untold:
            yield f"{self.untold} events are told without their rows"
        yield f"holds: up to {_said(self.head)}"

    def _seal(self, page: Page, pages: Iterator[Page]) -> Page | None:
        batch, head = Batch.from_json(page["batch"]), _head(page["head"], self.keys)
        what = f"seal {batch.seal_id}"
        _holds(head.seal_id == batch.seal_id == self.log.size + 1, f"{what} is out of order")
        _holds(head.batch_hash == batch.hash, f"{what} is of another batch")
        before = self.head.hash if self.head else None
        _holds(head.previous_head_hash == before, f"{what} does not follow the one before it")
        sealed = self.head.tree_size if self.head else 0
        _holds(head.tree_size == sealed + batch.leaf_count, f"{what} counts other events")
        self.log.add(batch.hash)
        _holds(self.log.root() == head.log_root, f"{what} is of another log")
        ids, leaves = [], []
        following = next(pages, None)
        while following is not None and "event" in following:
            event = following["event"]
            ids.append(event["event_id"])
            leaves.append(bytes.fromhex(event["leaf"]))
            following = self._event(event, pages)
        _holds(ids_hash(ids) == batch.ids_sha256, f"{what} has other events")
        _holds(merkle.root(b"".join(leaves)) == batch.merkle_root, f"{what} has other leaves")
        self.seals, self.head = self.seals + 1, head
        return following

    def _event(self, event: Page, pages: Iterator[Page]) -> Page | None:
        what = f"event {event['event_id']}"
        evidence = bytes.fromhex(event["evidence"])
        if event["record"] is None:
            self.absent += 1
        else:
            record = bytes.fromhex(event["record"])
            _holds(
                event_leaf(record, evidence) == bytes.fromhex(event["leaf"]),
                f"{what} is not what was sealed",
            )
            said = records.read(record, EVENT_COLUMNS)["event_id"]
            _holds(said == event["event_id"], f"{what} is another one")
            self.events += 1
        found: dict[str, list[bytes]] = {"row": [], "image": []}
        following = next(pages, None)
        while following is not None and (kind := next(iter(following))) in found:
            found[kind].append(merkle.leaf(bytes.fromhex(following[kind])))
            following = next(pages, None)
        if event["rows"]:
            sizes, roots = zip(*((len(e), _root(e)) for e in found.values()), strict=True)
            _holds(
                evidence_hash(sizes[0], roots[0], sizes[1], roots[1]) == evidence,
                f"the rows of {what} are not what was sealed",
            )
            self.rows += sum(sizes)
        elif event["record"] is not None:
            self.untold += 1
        return following


def _root(leaves: list[bytes]) -> bytes:
    return merkle.root(b"".join(sorted(leaves)))


def _head(page: Page, keys: Keys) -> Head:
    head: Head = Head.from_json(page)
    if problem := head.problem(keys):
        raise Wrong(f"head {head.seal_id} {problem}")
    return head


def _included(leaf: bytes, page: Page, root: bytes, otherwise: str) -> None:
    path = [bytes.fromhex(each) for each in page["path"]]
    _holds(merkle.is_included(leaf, page["index"], page["size"], path, root), otherwise)


def _holds(true: bool, otherwise: str) -> None:
    if not true:
        raise Wrong(otherwise)


def _said(head: Head) -> str:
    return f"head {head.seal_id} ({head.tree_size} events, signed by {head.key_id[:16]}…)"


if __name__ == "__main__":
    sys.exit(main())
