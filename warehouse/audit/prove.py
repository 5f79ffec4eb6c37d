"""Makes proofs that `offline` checks: that an event or a row was sealed, that one head grew from another."""

from typing import Any

import numpy as np
from psycopg import Connection, sql

from warehouse.audit import merkle
from warehouse.audit.canonical import event_leaf
from warehouse.audit.contents import fitting, sealed_shapes, shapes_text
from warehouse.audit.errors import NotProvable, NotSealed
from warehouse.audit.evidence import (
    Event,
    Table,
    in_utf8,
    read_events,
    read_evidence,
    read_tables,
    record_of,
    rows_of,
    sent,
)
from warehouse.audit.heads import Head
from warehouse.audit.seals import Seal, read_newest, read_seals
from warehouse.sql import query

Page = dict[str, Any]
ROW = sql.SQL("select r.event_id, {record} as record from {table} as r where {key}")


def prove_event(conn: Connection[Any], event_id: int) -> Page:
    """That an event is in the log up to the newest head, as it stands."""
    in_utf8(conn)
    seal = _seal_of(conn, event_id)
    event = _event(conn, seal, event_id)
    index = seal.event_ids.index(event_id)
    proof = merkle.cut(seal.evidence_hashes)[index]
    if event_leaf(event.record, proof) != merkle.cut(seal.leaf_hashes)[index]:
        raise NotProvable(f"Event {event_id} is not what was sealed. {NotProvable.__doc__}")
    return {
        "tapehouse": "inclusion",
        "event": {
            "record": event.record.hex(),
            "evidence": proof.hex(),
            **_path(seal.leaf_hashes, index),
        },
        "batch": seal.batch.as_json(),
        **_in_log(conn, seal),
    }


def prove_row(conn: Connection[Any], table_name: str, key: tuple[str, ...]) -> Page:
    """That a row is in the log up to the newest head, as it stands."""
    in_utf8(conn)
    event_id, _ = _row(conn, read_tables(conn)[table_name], key)
    seal = _seal_of(conn, event_id)
    shapes = sealed_shapes(conn, seal.shapes_sha256)
    tables = fitting(read_tables(conn), shapes)
    if table_name not in tables:
        raise NotProvable(f"{table_name} has lost columns that were sealed; there is no proof.")
    table = tables[table_name]
    _, record = _row(conn, table, key)
    event = _event(conn, seal, event_id)
    page = prove_event(conn, event_id)
    evidence = read_evidence(conn, tables, [event])[event_id]
    if evidence.hash.hex() != page["event"]["evidence"]:
        raise NotProvable
    leaves = np.sort(np.concatenate([*sent(conn, rows_of(table, [event]))])["leaf"]).tobytes()
    index = merkle.cut(leaves).index(merkle.leaf(record))
    page["event"]["parts"] = {
        "rows": evidence.rows.size,
        "rows_root": evidence.rows.root.hex(),
        "images": evidence.images.size,
        "images_root": evidence.images.root.hex(),
    }
    page["row"] = {"table": table_name, "record": record.hex(), **_path(leaves, index)}
    page["shapes"] = shapes_text(conn, seal.shapes_sha256)
    return page


def prove_growth(conn: Connection[Any], old: int, new: int) -> Page:
    """That the log of one head begins with the log of another."""
    heads = {number: _head(conn, number) for number in (old, new)}
    hashes = _batch_hashes(conn)[: new * merkle.SIZE]
    return {
        "tapehouse": "consistency",
        "old": heads[old].as_json(),
        "new": heads[new].as_json(),
        "path": [each.hex() for each in merkle.consistency(hashes, old)],
    }


# -- parts -----------------------------------------------------------------------------------------


def _seal_of(conn: Connection[Any], event_id: int) -> Seal:
    row = conn.execute(query("audit/find_seal"), {"event_id": event_id}).fetchone()
    if row is None:
        raise NotSealed(f"Event {event_id} is in no seal. {NotSealed.__doc__}")
    return next(read_seals(conn, row[0], row[0]))


def _event(conn: Connection[Any], seal: Seal, event_id: int) -> Event:
    found = read_events(conn, [event_id], seal.first_occurred_at, seal.last_occurred_at)
    if event_id not in found:
        raise NotProvable(
            f"Event {event_id} is in seal {seal.seal_id}, but not in the database. If its partition "
            "was archived, restore it first; `warehouse partitions archives audit.events` lists them."
        )
    return found[event_id]


def _row(conn: Connection[Any], table: Table, key: tuple[str, ...]) -> tuple[int, bytes]:
    condition = sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier("r", name), sql.Literal(value))
        for name, value in zip(table.keys, key, strict=True)
    )
    statement = ROW.format(
        record=record_of("r", table.names), table=table.identifier, key=condition
    )
    row = conn.execute(statement).fetchone()
    if row is None:
        raise NotProvable(
            f"{table.name} has no row {'/'.join(key)}, so there is nothing to prove. If its partition "
            f"was archived, restore it first; `warehouse partitions archives {table.name}` lists them."
        )
    return row[0], row[1]


def _path(hashes: bytes, index: int) -> Page:
    path = [each.hex() for each in merkle.inclusion(hashes, index)]
    return {"index": index, "size": len(hashes) // merkle.SIZE, "path": path}


def _in_log(conn: Connection[Any], seal: Seal) -> Page:
    newest = read_newest(conn)
    assert newest  # the seal is there
    hashes = _batch_hashes(conn)[: newest.head.seal_id * merkle.SIZE]
    return {"log": _path(hashes, seal.seal_id - 1), "head": newest.head.as_json()}


def _head(conn: Connection[Any], seal_id: int) -> Head:
    for seal in read_seals(conn, seal_id, seal_id):
        return seal.head
    raise NotSealed(f"There is no seal {seal_id}; `warehouse audit seals` lists those there are.")


def _batch_hashes(conn: Connection[Any]) -> bytes:
    row = conn.execute(query("audit/read_batch_hashes")).fetchone()
    assert row
    hashes: bytes = row[0]
    return hashes
