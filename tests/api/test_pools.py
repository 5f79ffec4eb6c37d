"""The pool is opened from libpq's keywords, as the API's role, and does not ask more than it must."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from psycopg import connect

from api.pools import connect_arguments, open_reader
from api.settings import ServerSettings
from warehouse.access import API
from warehouse.db.target import Target
from warehouse.errors import ConnectionFailed


def arguments(conninfo: str, **settings: Any) -> dict[str, Any]:
    return connect_arguments(Target(conninfo, "a test"), ServerSettings(**settings))


def test_libpqs_keywords_reach_the_driver() -> None:
    found = arguments(
        "postgresql://me:p%40ss@db1:5433,db2:5434/tape?sslmode=disable&connect_timeout=3"
        "&application_name=x&keepalives=1"
    )
    assert dict(parse_qsl(urlsplit(found["dsn"]).query)) == {
        "user": "me",
        "password": "p@ss",
        "host": "db1,db2",
        "port": "5433,5434",
        "dbname": "tape",
        "sslmode": "disable",
        "application_name": "x",
    }
    assert found["timeout"] == 3


def test_an_address_takes_the_place_of_a_name() -> None:
    assert "host=10.0.0.1" in arguments("host=db hostaddr=10.0.0.1")["dsn"]


def test_a_keyword_that_the_driver_does_not_know_is_named() -> None:
    with pytest.raises(ConnectionFailed, match="requirepeer, which a test sets"):
        arguments("host=db requirepeer=postgres")


def test_prepared_statements_can_be_left_out() -> None:
    assert arguments("", prepared_statements=False)["statement_cache_size"] == 0
    assert arguments("")["statement_cache_size"] > 0


@pytest.mark.parametrize("prepared", [True, False])
async def test_a_report_is_one_statement_and_nothing_else(
    served: Target, settings: ServerSettings, prepared: bool
) -> None:
    chosen = settings.model_copy(update={"prepared_statements": prepared, "pool_size": 1})
    sent: list[str] = []
    async with open_reader(served, chosen) as reader:
        async with reader.pool.acquire() as connection:
            connection._con.add_query_logger(lambda record: sent.append(record.query))
        for _ in range(3):
            assert await reader.rows("generation_of", relations=["marts.none"])
    assert sent == ["select * from api.generation_of(relations => $1)"] * 3


async def test_it_reads_as_the_api_role_and_cannot_write(
    served: Target, settings: ServerSettings
) -> None:
    async with open_reader(served, settings) as reader:
        shown = await reader.pool.fetchrow(
            "select current_user, current_setting('transaction_read_only') as read_only"
        )
    assert tuple(shown) == (API, "on")


async def test_a_pooler_that_drops_the_role_is_found_out(
    served: Target, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_role(*given: Any) -> dict[str, Any]:
        found = connect_arguments(*given)
        del found["server_settings"]["role"]
        return found

    monkeypatch.setattr("api.pools.connect_arguments", without_role)
    with pytest.raises(ConnectionFailed, match=f"alter role … set role = '{API}'"):
        async with open_reader(served, settings):
            pass


async def test_a_login_that_brings_the_role_needs_no_startup_parameter(
    served: Target, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = f"reader_of_{served.keywords()['dbname']}"
    with connect(**served.keywords()) as conn:
        conn.execute(f"create role {login} login password 'x'")
        conn.execute(f"grant {API} to {login}")
        conn.execute(f"alter role {login} set role = '{API}'")
    monkeypatch.setattr(
        "api.pools.connect_arguments",
        lambda *given: connect_arguments(*given) | {"server_settings": {}},
    )
    try:
        async with open_reader(served.with_(user=login, password="x"), settings) as reader:
            assert await reader.pool.fetchval("select session_user || ' as ' || current_user") == (
                f"{login} as {API}"
            )
    finally:
        with connect(**served.keywords()) as conn:
            conn.execute(f"drop role {login}")


async def test_a_login_that_may_not_act_as_the_role_is_told_so(
    served: Target, settings: ServerSettings
) -> None:
    login = f"stranger_to_{served.keywords()['dbname']}"
    with connect(**served.keywords()) as conn:
        conn.execute(f"create role {login} login password 'x'")
    try:
        with pytest.raises(ConnectionFailed, match="warehouse roles ensure"):
            async with open_reader(served.with_(user=login, password="x"), settings):
                pass
    finally:
        with connect(**served.keywords()) as conn:
            conn.execute(f"drop role {login}")


async def test_a_server_that_is_not_there_is_said_in_a_sentence(settings: ServerSettings) -> None:
    nowhere = Target("host=127.0.0.1 port=1 user=me dbname=tape", "a test")
    with pytest.raises(ConnectionFailed, match="could not connect to a test"):
        async with open_reader(nowhere, settings):
            pass
