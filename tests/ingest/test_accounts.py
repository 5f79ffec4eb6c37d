"""Accounts are loaded from files, and their numbers are to be seen nowhere but with the key."""

from base64 import b64encode

import pytest
from typer.testing import CliRunner

from tests.ingest.conftest import Desk
from warehouse.cli import app
from warehouse.ingest.account_numbers import NoAccountKey
from warehouse.ingest.errors import BadFile
from warehouse.models.ops import IngestMode

HEADER = "account_hash,account_number,display_name,account_type,base_currency\n"
NUMBER = "8123-4567"
GOOD = f"acc-9,{NUMBER},Ada,margin,USD\n"

pytestmark = pytest.mark.usefixtures("account_key")


def number_of(account: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["accounts", "number", account])
    told = str(result.exception) if result.exception else result.stderr
    return result.exit_code, result.stdout.strip(), told


def everything(desk: Desk) -> str:
    """All that the database says of loads and of accounts, and what the log keeps of them."""
    log = ("audit.events", "audit.images")
    tables = ("reference.accounts", "ops.ingest_batches", "ops.ingest_rejects", *log)
    return " ".join(
        row for table in tables for (row,) in desk.all(f"select t::text from {table} as t")
    )


def test_a_number_is_kept_encrypted_and_read_with_the_key_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.load("accounts", HEADER + GOOD).tally.loaded == 1
    digest = desk.one(
        "select account_number_digest from reference.accounts where account_hash = 'acc-9'"
    )
    shown = everything(desk)
    assert NUMBER not in shown
    assert NUMBER.encode().hex() not in shown
    assert len(digest) == 32
    assert number_of("acc-9")[:2] == (0, NUMBER)
    assert "no account acc-0" in number_of("acc-0")[2]
    monkeypatch.setenv("WAREHOUSE_ACCOUNT_KEY", b64encode(bytes(32)).decode())
    code, out, told = number_of("acc-9")
    assert (code, out, "another key" in told) == (1, "", True)
    anew = desk.load("accounts", HEADER + GOOD, mode=IngestMode.UPSERT)
    assert (anew.repeats, anew.tally.loaded, number_of("acc-9")[1]) == (False, 1, NUMBER)


def test_the_same_told_again_changes_nothing_and_a_new_number_replaces_the_old(desk: Desk) -> None:
    desk.load("accounts", HEADER + GOOD)
    again = desk.load("accounts", HEADER + GOOD + "\n", mode=IngestMode.UPSERT)
    assert (again.tally.loaded, again.tally.duplicate) == (0, 1)
    moved = GOOD.replace(NUMBER, "9")
    assert desk.load("accounts", HEADER + moved, mode=IngestMode.UPSERT).tally.loaded == 1
    assert number_of("acc-9")[1] == "9"


def test_one_number_is_one_account(desk: Desk) -> None:
    desk.load("accounts", HEADER + GOOD)
    assert desk.load("accounts", HEADER + GOOD.replace("acc-9", "acc-8")).tally.rejected == 1
    assert desk.why() == "account_number: is taken by another row"


@pytest.mark.parametrize(
    "row",
    [
        f"acc-9,{NUMBER},Ada,{NUMBER},USD",  # in another column, which says what it cannot be
        f"acc-9,{NUMBER},Ada,margin,{NUMBER}",
        f"acc-9,{NUMBER * 100},Ada,margin,USD",
        f'acc-9,"{NUMBER},Ada,margin,USD',  # a quote that does not end
        f"acc-9,{NUMBER},Ada,margin,USD,USD",
        f"acc-9,{NUMBER},Ada\0,,USD",
    ],
)
def test_no_reject_shows_a_number(desk: Desk, row: str) -> None:
    tally = desk.load("accounts", f"{HEADER}{row}\n").tally
    assert tally.read == 1
    shown = everything(desk)
    assert NUMBER not in shown
    assert tally.rejected == ("not kept" in shown)


def test_a_first_row_that_is_taken_for_the_header_is_not_told(desk: Desk) -> None:
    for content in (GOOD, GOOD.replace("acc-9", NUMBER)):
        with pytest.raises(BadFile) as refused:
            desk.load("accounts", content)
        assert NUMBER not in str(refused.value)
    assert NUMBER not in everything(desk)


@pytest.mark.parametrize("key", ["", "no base64", b64encode(bytes(16)).decode()])
def test_without_a_key_nothing_is_loaded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("WAREHOUSE_ACCOUNT_KEY", key)
    with pytest.raises(NoAccountKey, match="openssl rand"):
        desk.load("accounts", HEADER + GOOD)
    assert desk.count("reference.accounts") == 2


def test_alerts_that_say_the_same_are_several(desk: Desk) -> None:
    desk.conn.execute(
        "insert into reference.principals (login, principal_type, display_name)"
        " values ('ada', 'person', 'Ada')"
    )
    rows = "principal,alert_type,symbol,message,priority\n" + 2 * "ada,price,ABC,up,2\n"
    assert desk.load("alerts", rows).tally.loaded == 2


def test_a_source_is_no_other_than_the_file_says(desk: Desk) -> None:
    rows = "name,description,priority\ntape,Bars,5\ncsv,Files,7\n"
    assert desk.load("sources", rows, mode=IngestMode.UPSERT).tally.loaded == 2
    found = desk.all("select name, priority from reference.sources order by source_id")
    assert found == [("csv", 7), ("tape", 5)]
