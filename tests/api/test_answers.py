"""The same rows in every form, in pages, compressed, in streams, and not at all where the reader has them."""

import csv
import gzip
import io
import json
from typing import Any

import httpx
import pyarrow as pa
import pytest
from fastapi import FastAPI
from psycopg import Connection

from api import statements
from tests.api import marts
from tests.api.test_async import until
from tests.api.test_tenants import told
from tests.api.world import ONE

INSTRUMENTS = "/v1/market/instruments"
FUNDAMENTALS = "/v1/market/fundamentals"
MART = "marts.portfolio_positions"
POSITIONS = f"/v1/portfolios/{ONE.number}/positions"
TRADES = f"/v1/accounts/{ONE.account}/trades"


async def get(client: httpx.AsyncClient, url: str, **headers: str) -> httpx.Response:
    answer = await client.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert answer.status_code in {200, 304}, answer.text
    return answer


# -- forms -----------------------------------------------------------------------------------------


async def test_every_form_has_the_same_rows(tenant: httpx.AsyncClient) -> None:
    rows = (await get(tenant, TRADES)).json()["data"]
    assert len(rows) == 2
    lines = (await get(tenant, f"{TRADES}?format=ndjson")).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = arrow(await get(tenant, f"{TRADES}?format=arrow"))
    assert table.schema.names == list(rows[0])
    assert table["trade_id"].to_pylist() == [int(row["trade_id"]) for row in rows]
    assert table["price"].to_pylist() == [row["price"] for row in rows] == ["10.5000", "10.2500"]
    instants = [moment.isoformat() for moment in table["executed_at"].to_pylist()]
    assert instants == [row["executed_at"] for row in rows]
    text = (await get(tenant, f"{TRADES}?format=csv")).text
    assert list(csv.DictReader(io.StringIO(text))) == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]


def arrow(answer: httpx.Response) -> pa.Table:
    return pa.ipc.open_stream(answer.content).read_all()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv", "text/csv"),
        ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
    ],
)
async def test_the_form_is_the_one_a_reader_likes_best(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    answer = await get(client, INSTRUMENTS, accept=accept)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in answer.headers["vary"]
    asked = await get(client, f"{INSTRUMENTS}?format=json", accept=accept)
    assert asked.headers["content-type"] == "application/json"


async def test_a_form_that_is_not_made_is_refused(client: httpx.AsyncClient) -> None:
    for accept in ("image/png", "application/json;q=0", "?", ";;;", "application/json;q=x"):
        answer = await client.get(INSTRUMENTS, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable"), accept


async def test_fields_are_chosen_and_put_in_order(client: httpx.AsyncClient) -> None:
    for query in ("fields=symbol,asset_type", "fields=symbol&fields=asset_type"):
        row = (await get(client, f"{INSTRUMENTS}?{query}")).json()["data"][0]
        assert list(row) == ["symbol", "asset_type"]
    text = (await get(client, f"{INSTRUMENTS}?fields=symbol&format=csv&q=AMZN")).text
    assert text == "symbol\nAMZN\n"
    for form in ("csv", "arrow", "json"):  # twice is once: no form can hold two columns of a name
        url = f"{INSTRUMENTS}?format={form}&fields=symbol"
        once, twice = (await get(client, url)).content, (await get(client, f"{url},symbol")).content
        assert once.partition(b'"as_of"')[0] == twice.partition(b'"as_of"')[0]
    for wrong in ("fields=secret", "fields=", "fields=symbol,"):
        answer = await client.get(f"{INSTRUMENTS}?{wrong}")
        assert (answer.status_code, answer.json()["field"]) == (422, "fields")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("form", ["json", "csv", "ndjson", "arrow"])
async def test_answers_are_compressed_as_the_reader_asks(
    client: httpx.AsyncClient, encoding: str, form: str
) -> None:
    url = f"{INSTRUMENTS}?format={form}"
    plain = await get(client, url, accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    async with client.stream("GET", url, headers={"Accept-Encoding": f"br, {encoding}"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == encoding
    unpacked = (
        gzip.decompress(raw)
        if encoding == "gzip"
        else pa.CompressedInputStream(io.BytesIO(raw), "zstd").read()
    )
    if form == "json":
        assert json.loads(unpacked)["data"] == plain.json()["data"]
    else:
        assert unpacked == plain.content


async def test_what_has_no_rows_is_whole_in_every_form(client: httpx.AsyncClient) -> None:
    none = f"{INSTRUMENTS}?q=nothing"
    assert (await get(client, none)).json()["data"] == []
    assert (await get(client, f"{none}&format=ndjson")).text == ""
    assert (await get(client, f"{none}&format=csv&fields=symbol")).text == "symbol\n"
    table = arrow(await get(client, f"{none}&format=arrow"))
    assert (table.num_rows, table.schema.names[:2]) == (0, ["instrument_id", "symbol"])


@pytest.mark.parametrize("form", ["csv", "ndjson", "arrow"])
async def test_rows_that_end_with_a_piece_are_all_there_are(
    tenant: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    whole = await get(tenant, f"{TRADES}?format={form}")
    monkeypatch.setattr("api.streams.PIECE", 1)
    pieces = await get(tenant, f"{TRADES}?format={form}")
    if form == "arrow":
        assert arrow(pieces).equals(arrow(whole))
    else:
        assert pieces.content == whole.content


async def test_odd_texts_come_through_in_every_form(
    client: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    odd = 'a "quoted",\\.\ttab\nline\r\n€ \x01\x02 \\N'
    conn.execute("update reference.instruments set company_name = %s where symbol = 'AMZN'", [odd])
    conn.execute("update reference.instruments set company_name = '' where symbol = 'AP'")
    url = f"{INSTRUMENTS}?fields=symbol,company_name&format="
    wanted = {"AMZN": odd, "AP": "", "AAPL  270115C00150000": None}
    lines = (await get(client, f"{url}ndjson")).text.splitlines()
    shown = [(row["symbol"], row["company_name"]) for row in map(json.loads, lines)]
    assert {name: value for name, value in shown if name in wanted} == wanted
    table = arrow(await get(client, f"{url}arrow")).to_pylist()
    shown = [(row["symbol"], row["company_name"]) for row in table]
    assert {name: value for name, value in shown if name in wanted} == wanted
    text = io.StringIO((await get(client, f"{url}csv")).text, newline="")
    assert dict(list(csv.reader(text))[1:])["AMZN"] == odd


# -- pages -----------------------------------------------------------------------------------------


async def test_totals_are_counted_when_asked(client: httpx.AsyncClient) -> None:
    expected = {"none": None, "exact": {"rows": 3, "is": "exact"}}
    for count, total in (expected | {"estimated": {"rows": 3, "is": "exact"}}).items():
        body = (await get(client, f"{INSTRUMENTS}?q=inc&limit=1&count={count}")).json()
        assert body.get("total") == total


async def test_pages_go_downwards_too(tenant: httpx.AsyncClient) -> None:
    whole = (await get(tenant, TRADES)).json()["data"]
    first = (await get(tenant, f"{TRADES}?limit=1")).json()
    second = (await get(tenant, f"{TRADES}?limit=1&cursor={first['next_cursor']}")).json()
    assert first["data"] + second["data"] == whole
    assert second["next_cursor"] is None
    streamed = (await get(tenant, f"{TRADES}?format=ndjson&cursor={first['next_cursor']}")).text
    assert [json.loads(line) for line in streamed.splitlines()] == whole[1:]


# -- what the reader has ---------------------------------------------------------------------------


async def test_an_answer_from_a_mart_names_its_generation_and_is_not_sent_twice(
    tenant: httpx.AsyncClient, app: FastAPI
) -> None:
    await told()  # of the key's own making, which has keys looked up again
    first = await get(tenant, POSITIONS)
    assert first.json()["generation"] == first.headers["x-generation"] == "1"
    assert first.json()["as_of"] == first.headers["x-as-of"] == "2026-01-05T21:00:00+00:00"
    tag = first.headers["etag"]
    assert tag.startswith('"')
    pool = app.state.service.reader.pool
    app.state.service.reader.pool = None  # no query can run
    for value in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await get(tenant, POSITIONS, if_none_match=value)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    app.state.service.reader.pool = pool
    assert (await get(tenant, POSITIONS, if_none_match='"other", ,,"')).status_code == 200


async def test_a_new_generation_is_seen(tenant: httpx.AsyncClient, conn: Connection[Any]) -> None:
    await told()
    first = await get(tenant, POSITIONS)
    assert (await get(tenant, POSITIONS)).headers["server-timing"].startswith("cache;desc=hit")
    with conn.transaction():
        conn.execute("update marts.portfolio_positions set quantity = 8 where quantity = 7")
        marts.renew(conn, "marts.portfolio_positions", 2)
    await told()
    second = await get(tenant, POSITIONS, if_none_match=first.headers["etag"])
    assert second.status_code == 200
    assert (second.json()["generation"], second.json()["data"][0]["quantity"]) == ("2", "8")
    assert second.headers["etag"] != first.headers["etag"]


async def test_what_is_read_most_is_read_again_before_anyone_asks(
    tenant: httpx.AsyncClient, app: FastAPI, conn: Connection[Any]
) -> None:
    await told()
    for _ in range(3):
        await get(tenant, POSITIONS)
    once = await get(tenant, f"{POSITIONS}?limit=1")
    assert once.headers["server-timing"].startswith("cache;desc=miss")
    read = "select count(*) from audit.access"
    recorded = conn.execute(read).fetchone()
    marts.renew(conn, "marts.portfolio_positions", 2)
    hits = app.state.service.cache.hits
    await until(lambda: app.state.service.listener.generation_of([MART]) == "2")
    await until(lambda: not app.state.service.flights.under_way)
    assert conn.execute(read).fetchone() == recorded  # nobody has read anything
    again = await get(tenant, POSITIONS)
    assert again.headers["server-timing"].startswith("cache;desc=hit")
    assert again.json()["generation"] == "2"
    assert app.state.service.cache.hits == hits + 1
    # What nobody asked for twice is not read ahead.
    once = await get(tenant, f"{POSITIONS}?limit=1")
    assert once.headers["server-timing"].startswith("cache;desc=miss")


@pytest.mark.parametrize("form", ["json", "csv", "ndjson", "arrow"])
async def test_a_replica_says_how_far_it_is_behind(
    tenant: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    assert "x-replica-lag" not in (await get(tenant, f"{TRADES}?format={form}")).headers
    monkeypatch.setattr("api.statements.LAG", "1.5::double precision")
    for made in (statements.page, statements.state):
        made.cache_clear()
    answer = await get(tenant, f"{TRADES}?format={form}&limit=1")
    assert answer.headers["x-replica-lag"] == "1.500"
    for made in (statements.page, statements.state):
        made.cache_clear()


async def test_every_difference_of_the_answer_is_one_of_its_tag(tenant: httpx.AsyncClient) -> None:
    urls = [
        POSITIONS,
        f"{POSITIONS}?limit=1",
        f"{POSITIONS}?held=true",
        f"{POSITIONS}?fields=symbol",
        f"{POSITIONS}?count=exact",
        f"{POSITIONS}?format=csv",
    ]
    tags = [(await get(tenant, url)).headers["etag"] for url in urls]
    tags += [(await get(tenant, POSITIONS, accept_encoding="identity")).headers["etag"]]
    assert len(set(tags)) == len(urls) + 1


async def test_an_answer_from_tables_is_named_by_what_it_says(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    first = await get(tenant, TRADES)
    assert first.headers["etag"].startswith('W/"')
    assert first.json()["generation"] is None
    assert (await get(tenant, TRADES, if_none_match=first.headers["etag"])).status_code == 304
    conn.execute("update reference.instruments set symbol = 'NEW' where symbol = 'SHARED'")
    assert (await get(tenant, TRADES, if_none_match=first.headers["etag"])).status_code == 200


async def test_what_is_not_heard_of_is_not_taken_from_memory(
    tenant: httpx.AsyncClient, app: FastAPI
) -> None:
    first = await get(tenant, POSITIONS)
    app.state.service.listener.detach()
    again = await get(tenant, POSITIONS)
    assert again.headers["server-timing"].startswith("cache;desc=miss")
    # It is still found to be the same, only by asking.
    unchanged = await get(tenant, POSITIONS, if_none_match=first.headers["etag"])
    assert unchanged.status_code == 304


# -- what is recorded ------------------------------------------------------------------------------


async def test_every_reading_is_recorded_before_it_is_answered(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    first = await get(tenant, f"{POSITIONS}?limit=1", x_request_id="r1")
    await get(
        tenant, f"{POSITIONS}?limit=1", x_request_id="r2", if_none_match=first.headers["etag"]
    )
    await get(tenant, f"{POSITIONS}?limit=1&format=csv", x_request_id="r3")
    await tenant.get("/v1/portfolios/7/positions", headers={"X-Request-Id": "r4"})
    await tenant.get(f"{POSITIONS}?limit=0", headers={"X-Request-Id": "r5"})
    rows = conn.execute(
        "select request_id, report, status, row_count, filter, principal_id is not null,"
        " api_key_id is not null from audit.access order by request_id"
    ).fetchall()
    asked = {"portfolio": str(ONE.number), "limit": 1}
    assert rows == [
        ("r1", "portfolio_positions", 200, 1, asked, True, True),
        ("r2", "portfolio_positions", 304, None, asked, True, True),
        ("r3", "portfolio_positions", 200, None, asked | {"format": "csv"}, True, True),
        ("r4", "portfolio_positions", 404, None, {"portfolio": "7"}, True, True),
    ]


async def test_what_cannot_be_recorded_is_not_answered(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    conn.execute("revoke execute on all functions in schema audit from warehouse_access")
    for url in (POSITIONS, TRADES, f"{TRADES}?format=csv"):
        answer = await tenant.get(url)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_recorded")
        assert "retry-after" in answer.headers
