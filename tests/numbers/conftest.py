"""A connection to a migrated database, shared by the tests here: the numbers' functions change nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target


@pytest.fixture(scope="session")
def numbers(server: Target, template: str) -> Iterator[Connection[Any]]:
    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(), autocommit=True) as conn,
    ):
        yield conn
