"""The sealer takes every committed event once, in order, stands in nobody's way, and may die at any point."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect
from psycopg.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState

from tests.audit.sealing import KEY, OTHER, book, check, history, seal_all, told, trusting
from warehouse.audit import evidence
from warehouse.audit.errors import (
    AnotherSealer,
    ChainBroken,
    KeyMissing,
    KeyUnreadable,
    PublishFailed,
)
from warehouse.audit.heads import fingerprint
from warehouse.audit.keys import create_key, signing_key, trusted_keys
from warehouse.audit.publish import Publisher, line, publish_to_file, published_heads
from warehouse.audit.seal import Limits, seal_next, sealing
from warehouse.audit.seals import read_heads, read_lag, read_seals
from warehouse.db.target import Target
from warehouse.settings import AuditSettings


@pytest.fixture
def other(database: Target, conn: Connection[Any]) -> Any:
    with connect(**database.keywords(options="-c timezone=UTC"), autocommit=True) as opened:
        yield opened


def sealed_events(conn: Connection[Any]) -> list[int]:
    """The events of all seals, in their order."""
    return [each for seal in read_seals(conn, 1, 1000) for each in seal.event_ids]


def all_events(conn: Connection[Any]) -> list[int]:
    return [
        row[0] for row in conn.execute("select event_id from audit.events order by xid, event_id")
    ]


# -- order and size --------------------------------------------------------------------------------


def test_every_event_is_sealed_once_in_stable_order_and_in_batches(conn: Connection[Any]) -> None:
    history(conn)
    before = read_lag(conn)
    done = seal_all(conn, limits=Limits(events=4))
    assert len(done) > 3
    assert sealed_events(conn) == all_events(conn)
    assert before.events == sum(each.events for each in done) == done[-1].head.tree_size
    assert max(each.events for each in done) == 4
    assert read_lag(conn).events == 0
    assert seal_all(conn) == []


def test_a_batch_is_bounded_by_its_rows_and_a_large_event_stands_alone(
    conn: Connection[Any],
) -> None:
    seal_all(conn)
    for first, count in ((1, 4), (100, 4), (200, 30), (300, 1)):
        book(conn, first, count)
    done = seal_all(conn, limits=Limits(rows=8))
    assert [(each.events, each.rows) for each in done] == [(2, 8), (1, 30), (1, 1)]


def test_a_slow_transaction_holds_nobody_back_and_is_not_skipped(
    conn: Connection[Any], other: Connection[Any], database: Target
) -> None:
    with other.transaction():
        other.execute("update reference.instruments set symbol = 'SLOW' where instrument_id = 1")
        fast = book(conn, 1)
        seal_all(conn)
        assert sealed_events(conn)[-1] == fast
    slow = set(all_events(conn)) - set(sealed_events(conn))
    assert len(slow) == 1
    assert min(slow) < fast
    seal_all(conn)
    assert sorted(sealed_events(conn)) == sorted(all_events(conn))
    assert check(database).findings == []


def test_events_of_a_batch_that_ends_inside_are_not_mixed_with_later_ones(
    conn: Connection[Any],
) -> None:
    """What commits while a batch is read in pages comes after it."""
    for first in range(5):
        book(conn, first)
    waiting = read_lag(conn).events
    with sealing(conn):
        first_page = seal_next(conn, KEY, trusting(KEY), Limits(events=2))
    assert first_page
    assert read_lag(conn).events == waiting - 2
    book(conn, 50)
    seal_all(conn, limits=Limits(events=2))
    assert sealed_events(conn) == all_events(conn)


@pytest.mark.parametrize("size", [2, 1000])
def test_events_that_a_restore_brings_again_are_not_sealed_again(
    conn: Connection[Any], database: Target, size: int
) -> None:
    """A restored log gets new transaction ids, and what another reader had not read comes again."""
    history(conn)
    seal_all(conn)
    conn.execute("insert into ops.cursors (consumer, snapshot) values ('slow', '3:3:')")
    before = sealed_events(conn)
    conn.execute("select audit.rebase()")
    seal_all(conn, limits=Limits(events=size))
    assert sealed_events(conn)[: len(before)] == before
    assert sorted(sealed_events(conn)) == sorted(all_events(conn))
    assert told(check(database).findings) == ""
    assert read_lag(conn).events == 0


def test_small_events_of_a_table_are_read_together(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_all(conn)
    for first in range(20):
        book(conn, first)
    asked: list[object] = []
    sent = evidence.sent

    def counting(*args: Any) -> Any:
        asked.append(args)
        return sent(*args)

    monkeypatch.setattr(evidence, "sent", counting)
    (done,) = seal_all(conn)
    assert (done.events, len(asked)) == (20, 2)  # the rows of one table, and the images


def test_events_that_lie_far_apart_are_read_apart() -> None:
    def event(event_id: int, rows: int = 1) -> evidence.Event:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return evidence.Event(
            event_id, "1", at, "trading.trades", "insert", rows, None, None, None, b""
        )

    far, giant = evidence.GAP + 1, evidence.GIANT + 1
    together = [event(1), event(2), event(3 + far), event(4 + far, giant), event(5 + far)]
    assert [[each.event_id for each in part] for part in evidence.parts(together)] == [
        [1, 2],
        [3 + far],
        [4 + far],
        [5 + far],
    ]


def test_an_event_too_large_for_memory_makes_the_same_tree(
    conn: Connection[Any], database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(conn, 1, 300)
    seal_all(conn)
    monkeypatch.setattr(evidence, "GIANT", 50)
    monkeypatch.setattr("warehouse.audit.merkle.CHUNK", 64)
    assert check(database).findings == []


# -- columns ---------------------------------------------------------------------------------------


def test_columns_that_come_later_break_no_seal(conn: Connection[Any], database: Target) -> None:
    """Also between a write and its seal, where the digest covers fewer columns than the row has."""
    history(conn)
    seal_all(conn)
    book(conn, 500, 3)
    conn.execute("alter table trading.trades add column note text")
    conn.execute("alter table trading.trades add column rating bigint default 5")
    (done,) = seal_all(conn)
    assert done.doubts == []
    conn.execute("alter table trading.trades add column last text default 'x'")
    book(conn, 600, 3)
    seal_all(conn)
    assert told(check(database).findings) == ""


def test_a_row_stays_proved_while_it_is_changed_again_and_again(
    conn: Connection[Any], database: Target
) -> None:
    """Each state is the evidence of one event: first as the row, then as an image."""
    history(conn)
    for close in ("1.2", "1.20", "1.9"):
        seal_all(conn)
        conn.execute("update market.bars set close = %s", [close])
        assert told(check(database).findings) == ""
    conn.execute("delete from market.bars")
    seal_all(conn)
    assert told(check(database).findings) == ""


# -- who may, and with which key -------------------------------------------------------------------


def test_two_sealers_are_one_too_many(conn: Connection[Any], other: Connection[Any]) -> None:
    with sealing(conn), pytest.raises(AnotherSealer), sealing(other):
        pass
    with sealing(other):
        pass


def test_writers_do_not_wait_for_the_sealer(conn: Connection[Any], other: Connection[Any]) -> None:
    book(conn, 1)
    other.execute("set lock_timeout = '100ms'")
    with conn.transaction():
        assert seal_next(conn, KEY, trusting(KEY))
        book(other, 2)
        other.execute("update market.bars set close = close")
    assert len(set(all_events(conn)) - set(sealed_events(conn))) == 1


def test_only_maintenance_seals_and_nobody_writes_a_seal_by_hand(conn: Connection[Any]) -> None:
    for role in ("warehouse_write", "warehouse_read", "warehouse_build", "warehouse_maintain"):
        with conn.transaction():
            conn.execute(f"set local role {role}")
            with pytest.raises(InsufficientPrivilege), conn.transaction():
                conn.execute("insert into audit.seals default values")
            if role != "warehouse_maintain":
                with pytest.raises(InsufficientPrivilege), conn.transaction():
                    seal_next(conn, KEY, trusting(KEY))
    conn.execute("set role warehouse_maintain")
    assert seal_all(conn)


def test_a_seal_that_does_not_follow_the_newest_is_refused(
    conn: Connection[Any], other: Connection[Any]
) -> None:
    book(conn, 1)
    seal_all(conn)
    with pytest.raises(ObjectNotInPrerequisiteState, match="seal 1 does not follow seal 1"):
        conn.execute(
            "select audit.append_seal(seal_id, snapshot, event_ids, leaf_hashes, evidence_hashes,"
            " row_count, first_occurred_at, last_occurred_at, tree_size, canonical_version, '{}', merkle_root,"
            " batch_hash, log_root, log_peaks, previous_head_hash, head_hash, signature, key_id,"
            " sealed_at, null) from audit.seals"
        )


def test_a_new_key_goes_on_where_the_old_one_ended(conn: Connection[Any], database: Target) -> None:
    both = trusting(KEY, OTHER)
    book(conn, 1)
    seal_all(conn)
    book(conn, 2)
    with pytest.raises(ChainBroken, match="Seal 1, the newest, is signed with the key"):
        seal_all(conn, OTHER, trusting(OTHER))
    seal_all(conn, OTHER, both)
    assert {head.key_id for head in read_heads(conn, 0)} == both.keys()
    assert check(database, trusted=both).findings == []
    assert "not trusted" in told(check(database, trusted=trusting(KEY)).findings)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = AuditSettings(key_file=tmp_path / "a" / "key.pem", trusted_keys=tmp_path / "b.pem")
    with pytest.raises(KeyMissing):
        signing_key(settings)
    assert trusted_keys(settings) == {}
    public = create_key(settings)
    assert (tmp_path / "a" / "key.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyUnreadable, match="holds a key already"):
        create_key(settings)
    second = settings.model_copy(update={"key_file": tmp_path / "second.pem"})
    create_key(second)
    assert len(trusted_keys(second)) == 2
    assert fingerprint(public) in trusted_keys(second)
    from_environment = AuditSettings(
        key=(tmp_path / "a" / "key.pem").read_text().replace("\n", "\\n"),  # type: ignore[arg-type]
    )
    assert fingerprint(signing_key(from_environment).public_key()) == fingerprint(public)
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(KeyUnreadable):
        signing_key(AuditSettings(key_file=tmp_path / "bad.pem"))
    with pytest.raises(KeyUnreadable):
        trusted_keys(settings, [tmp_path / "bad.pem"])


# -- heads outside the database --------------------------------------------------------------------


def test_heads_are_published_to_a_file_each_once(conn: Connection[Any], tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "heads.jsonl"
    history(conn)
    seal_all(conn, limits=Limits(events=4))
    publish_to_file(conn, file)
    heads = {head.seal_id: head for head in read_heads(conn, 0)}
    assert published_heads(file) == heads
    publish_to_file(conn, file)
    assert len(file.read_bytes().splitlines()) == len(heads)


def test_a_line_that_a_crash_cut_off_is_written_again(
    conn: Connection[Any], tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    history(conn)
    seal_all(conn, limits=Limits(events=4))
    heads = list(read_heads(conn, 0))
    for kept in (b"", line(heads[0]), line(heads[0]) + line(heads[1])):
        file.write_bytes(kept + line(heads[2])[:40])
        publish_to_file(conn, file)
        assert file.read_bytes() == b"".join(map(line, heads))


def test_nothing_is_published_upon_a_head_that_is_gone(
    conn: Connection[Any], tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    book(conn, 1)
    seal_all(conn)
    publish_to_file(conn, file)
    (head,) = read_heads(conn, 0)
    page = head.as_json() | {"sealed_at": 1}
    file.write_text(json.dumps(page) + "\n")
    with pytest.raises(ChainBroken, match="Seal 1 was published to"):
        publish_to_file(conn, file)
    file.write_text("no head\n")
    with pytest.raises(PublishFailed, match="holds no published heads"):
        published_heads(file)


def test_heads_are_handed_to_a_command_until_it_takes_them(
    conn: Connection[Any], tmp_path: Path
) -> None:
    taken, gate = tmp_path / "taken", tmp_path / "gate"
    command = f"sh -c 'test -e {gate} && cat >> {taken}'"
    publisher = Publisher(command=command)
    publisher.publish(conn)
    book(conn, 1)
    seal_all(conn)
    with pytest.raises(PublishFailed, match="Seal 1 is kept"):
        publisher.publish(conn)
    gate.touch()
    publisher.publish(conn)
    publisher.publish(conn)
    book(conn, 2)
    seal_all(conn)
    publisher.publish(conn)
    assert published_heads(taken).keys() == {1, 2}
    assert len(taken.read_bytes().splitlines()) == 2


# -- killed ----------------------------------------------------------------------------------------

# Kills itself within the second batch, at the step that it is told.
PROGRAM = """
import os, signal, sys
from psycopg import connect
from tests.audit.sealing import KEY, trusting
from warehouse.audit import publish, seal
from warehouse.db.target import primary

step, file = sys.argv[1:]
batch = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(module, name, before=False):
    really = getattr(module, name)
    def instead(*args, **kwargs):
        if batch == 2 and before:
            die()
        result = really(*args, **kwargs)
        if batch == 2:
            die()
        return result
    setattr(module, name, instead)

if step == "read":
    dying(seal, "_read_page")
elif step == "hashed":
    dying(seal, "read_evidence")
elif step == "appended":
    dying(seal, "_append")
elif step == "committed":
    dying(publish, "publish_to_file", before=True)
elif step == "torn":
    line, sync = publish.line, os.fsync
    publish.line = lambda head: line(head)[:50] if batch == 2 else line(head)
    os.fsync = lambda number: die() if batch == 2 else sync(number)

publisher = publish.Publisher(publish.Path(file))
with connect(**primary().keywords(options="-c timezone=UTC"), autocommit=True) as conn:
    with seal.sealing(conn):
        while True:
            batch += 1
            if not seal.seal_next(conn, KEY, trusting(KEY), seal.Limits(events=5)):
                break
            publisher.publish(conn)
"""


@pytest.mark.parametrize("step", ["read", "hashed", "appended", "committed", "torn"])
def test_the_sealer_is_killed_and_run_again(
    conn: Connection[Any], database: Target, tmp_path: Path, step: str
) -> None:
    history(conn)
    file = tmp_path / "heads.jsonl"
    environment = os.environ | {"WAREHOUSE_DATABASE_URL": database.conninfo, "PYTHONPATH": "."}
    command = [sys.executable, "-c", PROGRAM]
    killed = subprocess.run([*command, step, str(file)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = len(list(read_heads(conn, 0)))
    assert kept == (2 if step in ("committed", "torn") else 1)
    conn.execute(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    again = subprocess.run([*command, "none", str(file)], env=environment, check=False)
    assert again.returncode == 0
    assert sealed_events(conn) == all_events(conn)
    heads = {head.seal_id: head for head in read_heads(conn, 0)}
    assert published_heads(file) == heads
    assert len(file.read_bytes().splitlines()) == len(heads)
    assert check(database, published=heads).findings == []


def test_rows_that_are_written_in_another_encoding_fit_their_digest(
    conn: Connection[Any], other: Connection[Any], database: Target
) -> None:
    other.execute("set client_encoding = 'LATIN1'")
    other.execute(
        "insert into portfolio.alerts (principal_id, alert_type, message, priority)"
        " values (1, 'price', 'Ä', 1)"
    )
    (done,) = seal_all(conn)
    assert done.doubts == []
    assert told(check(database).findings) == ""
