"""What the doctor says of the audit."""

import pytest
from psycopg import connect

from warehouse.access import WRITE
from warehouse.db.target import Target
from warehouse.observe.doctor import Finding, State, examine


def found(check: str) -> Finding:
    return next(finding for finding in examine() if finding.check == check)


@pytest.mark.usefixtures("database")
def test_an_audit_whose_triggers_stand_is_well() -> None:
    assert found("audit").state is State.OK


@pytest.mark.parametrize(
    ("loss", "lost"),
    [
        ("drop trigger audit_insert on trading.orders", "audit_insert on trading.orders"),
        ("alter table market.bars disable trigger audit_row", "audit_row on market.bars"),
        ("alter table risk.limits enable trigger audit_update", "audit_update on risk.limits"),
    ],
)
def test_a_trigger_that_is_lost_or_sleeps_is_found(database: Target, loss: str, lost: str) -> None:
    with connect(**database.keywords(), autocommit=True) as conn:
        conn.execute(loss)
    finding = found("audit")
    assert finding.state is State.FAIL
    assert lost in finding.found
    assert "reconcile" in str(finding.cure)


def test_those_who_could_rewrite_the_log_are_named(database: Target) -> None:
    with connect(**database.keywords(), autocommit=True) as conn:
        conn.execute("create role doctors_writer login in role warehouse_write")
        try:
            named = found("log").found
        finally:
            conn.execute("drop role doctors_writer")
    assert f"{database.keywords()['user']} (superuser)" in named
    assert "doctors_writer" not in named
    assert WRITE not in named
