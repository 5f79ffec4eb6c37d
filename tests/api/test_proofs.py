"""The API proves what `warehouse audit prove` proves, hash by hash, and says what it cannot prove."""

from typing import Any

import httpx
from psycopg import Connection

from tests.audit.sealing import KEY, seal_all, tamper, trusting
from warehouse.audit.offline import check_inclusion
from warehouse.audit.prove import prove_event
from warehouse.audit.seal import Limits
from warehouse.audit.seals import read_seals, read_span

PROOFS = "/v1/audit/proofs?event_id="


async def proofs(client: httpx.AsyncClient, *events: int) -> dict[int, tuple[str, Any]]:
    answer = await client.get(PROOFS + ",".join(map(str, events)))
    assert answer.status_code == 200, answer.text
    return {int(each["event_id"]): (each["state"], each["proof"]) for each in answer.json()["data"]}


async def test_a_proof_is_the_commands_own_and_holds_offline(
    client: httpx.AsyncClient, world: None, conn: Connection[Any]
) -> None:
    seal_all(conn, limits=Limits(events=3))
    sealed = [
        each for seal in read_seals(conn, 1, read_span(conn, None)[1]) for each in seal.event_ids
    ]
    assert len(sealed) > 9  # trees of more than one level, with and without a partner
    found = await proofs(client, *sealed[:20])
    assert found == {each: ("proved", prove_event(conn, each)) for each in sealed[:20]}
    for _, proof in found.values():
        assert any(line.startswith("holds") for line in check_inclusion(proof, trusting(KEY)))


async def test_what_cannot_be_proved_says_why(
    client: httpx.AsyncClient, tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    (first,) = conn.execute("select min(event_id) from audit.events").fetchone() or (0,)
    assert await proofs(client, first, 2**60) == {first: ("not_sealed", None)}
    seal_all(conn)
    assert await proofs(tenant, first) == {}  # for keys that see everything
    tamper(conn, f"update audit.events set actor = 'nobody' where event_id = {first}")
    tamper(conn, f"delete from audit.events where event_id = {first + 1}")
    assert await proofs(client, first, first + 1) == {
        first: ("altered", None),
        first + 1: ("gone", None),
    }
