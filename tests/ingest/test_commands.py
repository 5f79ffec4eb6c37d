"""`warehouse ingest` as its user meets it."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.ingest.conftest import Desk, bars, trades
from warehouse.cli import app

GOOD = "acc-1,x{n},2026-01-05T14:30:0{n}Z,,,ABC,buy,10,{price}"


def run(*arguments: str, **options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["ingest", *arguments], **options)  # type: ignore[arg-type]
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("desk")
def test_files_and_patterns_are_loaded_one_by_one(desk: Desk) -> None:
    for n in (1, 2):
        desk.file(trades(GOOD.format(n=n, price=n - 1)), f"day-{n}.csv")
    code, out, _ = run("trades", str(desk.folder / "day-*.csv"), "--json")
    assert code == 1, "nothing of day-1 could be loaded"
    told = json.loads(out)
    assert [(each["read"], each["loaded"], each["rejected"]) for each in told] == [
        (1, 0, 1),
        (1, 1, 0),
    ]
    code, out, _ = run("trades", str(desk.folder / "day-2.csv"))
    assert (code, "was loaded before" in out) == (0, True)
    code, out, _ = run("list", "--json")
    assert [each["state"] for each in json.loads(out)] == ["loaded", "refused"]
    code, out, _ = run("rejects", "--raw")
    assert out.strip() == GOOD.format(n=1, price=0)
    code, out, _ = run("rejects", "--json")
    assert json.loads(out)[0]["reasons"] == {"price": '"0" is not above zero'}


def test_some_rejects_do_not_fail_the_command(desk: Desk) -> None:
    path = desk.file(trades(*(GOOD.format(n=n, price=n) for n in (0, 1))))
    code, out, _ = run("trades", str(path))
    assert (code, "1 loaded, 0 there already, 1 rejected" in out) == (0, True)
    code, out, _ = run("trades", str(path))
    assert code == 0
    assert "but for 1 rows; nothing was done. `warehouse ingest rejects" in out


def test_a_file_of_which_nothing_was_loaded_can_be_loaded_when_the_cause_is_gone(
    desk: Desk,
) -> None:
    path = str(desk.file(trades(GOOD.format(n=1, price=1).replace("ABC", "NEW"))))
    for more, code, told in (
        ([], 1, "1 rejected"),
        (["--create-instruments"], 0, "1 loaded"),
        ([], 0, "nothing was done"),
    ):
        found, out, _ = run("trades", path, *more)
        assert (found, told in out) == (code, True), out


def test_a_reject_is_shown_as_it_was_read(desk: Desk) -> None:
    path = desk.file(trades(*(GOOD.format(n=1, price=p) for p in ("[/b]", "[bold]1"))))
    assert run("trades", str(path))[0] == 1
    _, out, _ = run("rejects")
    assert out.count("[/b]") == out.count("[bold]1") == 2


def test_standard_input_is_a_file_like_others(desk: Desk) -> None:
    code, out, _ = run("trades", "-", input=trades(GOOD.format(n=1, price=1)))
    assert (code, "1 loaded" in out) == (0, True)
    assert desk.one("select file_name, byte_count from ops.ingest_batches") == (None, None)


def test_one_bad_file_does_not_keep_the_others_from_it(desk: Desk) -> None:
    good = desk.file(trades(GOOD.format(n=1, price=1)))
    code, out, err = run("trades", str(desk.folder / "none*.csv"), str(good))
    assert (code, err.count("error:"), "1 loaded" in out) == (1, 1, True)


@pytest.mark.parametrize(
    "wrong",
    [
        *(["--max-rejects", limit] for limit in ("many", "-1", "150%", "nan%")),
        ["--zone", "Mars/Olympus"],
        ["--mode", "replace"],
        ["--format", "xlsx"],
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(wrong: list[str]) -> None:
    code, _, err = run("trades", "none.csv", *wrong)
    assert code == 2, err


def test_too_many_rejects_fail_the_command(desk: Desk) -> None:
    path = desk.file(trades(GOOD.format(n=1, price=0)))
    code, _, err = run("trades", str(path), "--max-rejects", "0%")
    assert (code, "--max-rejects allows" in err) == (1, True)


BAR = "{symbol},1d,2026-01-0{day}T21:00:00Z,1,1,1,1,5"


def failing() -> set[tuple[str, str]]:
    """Symbol and source of each feed whose last load failed."""
    result = CliRunner().invoke(app, ["quality", "status", "--failing", "--json"])
    return {(each["symbol"], each["source"]) for each in json.loads(result.stdout)}


def test_a_file_that_comes_to_nothing_is_told_to_the_feeds_of_its_source(desk: Desk) -> None:
    desk.file(bars(*(BAR.format(symbol=s, day=5) for s in ("ABC", "XYZ"))), "5.csv")
    for source in ("csv", "polygon"):
        path = str(desk.folder / "5.csv")
        assert run("bars", path, "--source", source, "--create-source")[0] == 0
    assert failing() == set()
    good = desk.file(bars(*(BAR.format(symbol=s, day=6) for s in ("ABC", "XYZ"))), "6.csv")
    packed = gzip.compress(good.read_bytes(), mtime=0)
    for cut in (packed[:-9], packed[:12], b"nothing", b""):
        desk.file(cut, "6.csv.gz")
        assert run("bars", str(desk.folder / "6.csv.gz"))[0] == 1
        assert failing() == {("ABC", "csv"), ("XYZ", "csv")}
        desk.conn.execute("update ops.instrument_data_status set last_success_at = now()")
        assert failing() == set()
    told = desk.all(
        "select distinct last_error from ops.instrument_data_status where source_id = 1"
    )
    assert "6.csv.gz: The file is empty" in told[0][0]
    assert run("trades", str(desk.folder / "6.csv.gz"))[0] == 1
    assert failing() == set()


def test_a_mapping_says_which_feeds_a_file_was_for(desk: Desk) -> None:
    assert run("bars", str(desk.file(bars(BAR.format(symbol="ABC", day=5)), "5.csv")))[0] == 0
    for frequency in ("1m", "1d"):
        mapping = desk.file(f'[columns]\nfrequency = {{ value = "{frequency}" }}\n', "map.toml")
        assert run("bars", str(desk.folder / "none.csv"), "--map", str(mapping))[0] == 1
        assert len(failing()) == (frequency == "1d")


def test_a_new_source_is_added_when_asked(desk: Desk, tmp_path: Path) -> None:
    path = desk.file(trades(GOOD.format(n=1, price=1)))
    code, _, err = run("trades", str(path), "--source", "schwab")
    assert (code, "There is no source schwab" in err) == (1, True)
    assert run("trades", str(path), "--source", "schwab", "--create-source")[0] == 0


def test_the_columns_of_a_kind_are_told() -> None:
    code, out, _ = run("columns", "trades", "--json")
    needed = [each["column"] for each in json.loads(out) if each["needed"]]
    assert (code, needed) == (0, ["account", "executed_at", "symbol", "side", "quantity", "price"])
    assert run("columns", "nothing")[0] == 2
