"""What a compliance officer types, and what answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from psycopg import Connection

from warehouse.cli import main
from warehouse.models.base import Base
from warehouse.partitions import ensure

POSITION = (
    "insert into trading.positions (account_id, instrument_id, quantity, average_price)"
    " values (1, 2, 5, 10)"
)


class Told(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Audit = Callable[..., Told]


@pytest.fixture
def audit(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Audit:
    """The command, in this process: what it said, and the code it ended with."""

    def run(*words: str) -> Told:
        monkeypatch.setattr("sys.argv", ["warehouse", "audit", *words])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Told(code, *capsys.readouterr())

    return run


@pytest.fixture
def position(conn: Connection[Any]) -> Connection[Any]:
    conn.execute(POSITION)
    with conn.transaction():
        conn.execute("select set_config('warehouse.actor', 'ann', true)")
        conn.execute("select set_config('warehouse.reason', 'a late fill', true)")
        conn.execute("update trading.positions set quantity = 6")
    return conn


def test_the_life_of_a_row_is_told_to_people_and_to_programs(
    position: Connection[Any], audit: Audit
) -> None:
    row = ("history", "--table", "trading.positions", "--key", "1/2")
    told = audit(*row)
    assert told.returncode == 0, told.stderr
    assert "quantity: 5 → 6" in " ".join(told.stdout.split())
    found = json.loads(audit(*row, "--json").stdout)
    assert [each["state"]["quantity"] for each in found["versions"]] == [6, 5]
    assert found["versions"][0]["event"]["reason"] == "a late fill"
    past = json.loads(audit(*row, "--as-of", "2020-01-01", "--json").stdout)
    assert past["state"] is None
    now = audit(*row, "--as-of", "2999-01-01")
    assert "Written by ann" in now.stdout


def test_events_come_page_by_page(position: Connection[Any], audit: Audit) -> None:
    asked = ("history", "--table", "trading.positions", "--limit", "1", "--json")
    first = json.loads(audit(*asked).stdout)
    second = json.loads(audit(*asked, "--cursor", first["next"]).stdout)
    operations = [each["operation"] for page in (first, second) for each in page["events"]]
    assert operations == ["update", "insert"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("history", "--key", "1/2"), 2, "name its --table"),
        (("history", "--as-of", "2026-01-01"), 2, "about one row"),
        (("history", "--cursor", "x"), 1, "start again without it"),
        (("history", "--table", "trading.trades", "--key", "x"), 1, "is no key of trading.trades"),
        (
            ("history", "--table", "trading.positions", "--key", "a/b"),
            1,
            "it is account_id/instrument_id",
        ),
        (
            ("history", "--table", "trading.positions", "--key", "1/2", "--actor", "a"),
            2,
            "narrows it",
        ),
        (("history", "--table", "tradng.trades"), 1, "Did you mean trading.trades?"),
        (("history", "--from", "2026-03-01", "--to", "2026-01-01"), 2, "not before --to"),
        (("reconcile", "no.table"), 1, "no.table is no audited table"),
    ],
)
def test_a_wrong_question_is_answered_with_the_way_on(
    audit: Audit, words: tuple[str, ...], code: int, why: str
) -> None:
    told = audit(*words)
    assert (told.returncode, why in " ".join(told.stderr.replace("│", " ").split())) == (code, True)


def test_who_read_what_is_told(conn: Connection[Any], audit: Audit) -> None:
    now = datetime.now(UTC)
    with conn.transaction():
        ensure(conn, Base.metadata.tables["audit.access"], now, now + timedelta(seconds=1))
    for number in range(3):
        conn.execute(
            "insert into audit.access (principal_id, report, filter, status, request_id)"
            f" values (1, 'r{number}', '{{}}', 200, 'q')"
        )
    asked = ("reads", "--login", "p", "--limit", "2", "--json")
    first = json.loads(audit(*asked).stdout)
    second = json.loads(audit(*asked, "--cursor", first["next"]).stdout)
    reports = [each["report"] for page in (first, second) for each in page["reads"]]
    assert reports == ["r2", "r1", "r0"]
    assert json.loads(audit("reads", "--report", "nothing", "--json").stdout)["reads"] == []


def test_reconcile_ends_with_the_code_that_schedulers_read(
    position: Connection[Any], audit: Audit
) -> None:
    fine = audit("reconcile")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "Every row has its event" in fine.stdout
    position.execute("alter table trading.positions disable trigger user")
    position.execute("delete from trading.positions")
    told = audit("reconcile")
    assert told.returncode == 1
    assert "trading.positions, event" in told.stderr
    assert "rows missing, 1" in told.stderr
    lines = [json.loads(line) for line in audit("reconcile", "--json").stdout.splitlines()]
    assert [line["wrong"]["table"] for line in lines if "wrong" in line] == ["trading.positions"]


def test_a_table_that_nobody_has_written_to_has_no_history(audit: Audit) -> None:
    assert audit("history", "--table", "risk.breaches").stdout == "No event matches.\n"
