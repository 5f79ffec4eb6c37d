"""A policy is changed with its version and both images kept, and never to what cannot work."""

from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene
from warehouse.partitions.change import PolicyRefused, change
from warehouse.partitions.policy import NoPolicy, policy_of

TRADES = "trading.trades"


@pytest.fixture(autouse=True)
def log(scene: Scene) -> None:
    scene.months("audit.events", 2026, 1, 1)


def test_a_change_is_versioned_and_audited_with_both_images(conn: Connection[Any]) -> None:
    assert change(conn, TRADES, {"premake": 6, "retention": "7 years"}) == 2
    assert policy_of(conn, TRADES).retention == "7 years"
    row = conn.execute(
        "select row_key, before->>'premake', after->>'premake', after->>'version' from audit.images"
        " where table_name = 'partition_policy' and before is not null"
    ).fetchone()
    assert row == (TRADES, "4", "6", "2")


def test_what_is_so_already_is_no_change(conn: Connection[Any]) -> None:
    assert change(conn, TRADES, {"premake": 4}) is None


def test_a_value_can_be_taken_away(conn: Connection[Any]) -> None:
    change(conn, TRADES, {"retention": "7 years"})
    change(conn, TRADES, {"retention": None})
    assert policy_of(conn, TRADES).retention is None


def test_a_coarser_interval_fits_where_one_of_it_starts(
    conn: Connection[Any], scene: Scene
) -> None:
    scene.months(TRADES, 2026, 1, 11)
    with pytest.raises(
        PolicyRefused,
        match=r"until 2026-12-01 00:00, where no year starts\. Nothing was changed; make the months"
        r" .*apply trading\.trades --to 2027-01-01",
    ):
        change(conn, TRADES, {"partition_interval": "1 year"})
    scene.months(TRADES, 2026, 12, 12)
    change(conn, TRADES, {"partition_interval": "1 year"})
    assert policy_of(conn, TRADES).interval == "year"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"retention": "20 days"}, "is shorter than a partition of trading.trades"),
        ({"retention": "-1 years"}, "is shorter than a partition"),
        ({"retention": "a while"}, "'a while' is no span of time"),
        ({"premake": 0}, "keep at least 1 partition ready"),
        ({"retention_schema": "attic"}, "to the schema attic: it is not there"),
        ({"retention_schema": "trading"}, "they are in it"),
    ],
)
def test_what_cannot_work_is_refused_with_the_fix(
    conn: Connection[Any], wanted: dict[str, Any], told: str
) -> None:
    with pytest.raises(PolicyRefused, match=told):
        change(conn, TRADES, wanted)
    assert policy_of(conn, TRADES).premake == 4
    assert policy_of(conn, TRADES).retention is None


def test_a_table_that_is_not_partitioned_can_have_no_policy(conn: Connection[Any]) -> None:
    with pytest.raises(NoPolicy, match="reference.sources is not partitioned"):
        change(conn, "reference.sources", {"premake": 2})
