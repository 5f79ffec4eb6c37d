"""Whatever a file holds: reasoned rejects or one clear error, nothing lost, nothing half-loaded."""

import gzip
import io
import json
import os
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import CheckConstraint

from tests.ingest.conftest import Desk, bars, program, trades
from warehouse.ingest.errors import BadFile, BadMapping, IngestError
from warehouse.ingest.kinds import KINDS
from warehouse.ingest.reasons import BROKEN
from warehouse.ingest.sources import expand, seen

GOOD = "acc-1,,2026-01-05T14:30:00Z,,,ABC,buy,10,1.5"


def nothing_kept(desk: Desk) -> bool:
    return desk.count("trading.trades") == desk.count("trading.positions") == 0


def replaced(**values: str) -> str:
    """A good row with some values put in its place."""
    names = (
        "account",
        "external_id",
        "executed_at",
        "kind",
        "replaces",
        "symbol",
        "side",
        "quantity",
        "price",
    )
    row = dict(zip(names, GOOD.split(","), strict=True)) | values
    return ",".join(row[name] for name in names)


BAD_ROWS = [
    (replaced(price="NaN"), "price: is NaN, which is no number"),
    (replaced(price="Infinity"), "price: is Infinity, which is no number"),
    (replaced(price="-999"), 'price: "-999" is not above zero'),
    (replaced(price="1.2.3"), 'price: "1.2.3" is no number'),
    (replaced(price="0x1F"), 'price: "0x1F" is no number'),
    (replaced(price="9" * 80), "has more than 76 digits"),
    (replaced(executed_at="0000-01-01T00:00:00Z"), "lies outside the years 1900 to 2199"),
    (replaced(executed_at="9999-12-31T00:00:00Z"), "lies outside the years 1900 to 2199"),
    (replaced(executed_at="2099-12-31T00:00:00Z"), "lies in the future"),
    (replaced(executed_at="2026-02-30T00:00:00Z"), "is no time"),
    (replaced(executed_at="2026-01-05T14:30:00"), "has no time zone"),
    (replaced(executed_at="14:30:00"), "names no day; say it with --date"),
    (replaced(executed_at="1767623400"), "is a bare number; name its unit"),
    (replaced(executed_at=""), "executed_at: is missing"),
    (replaced(symbol="A" * 40), "symbol: is 40 characters long; it may have 32"),
    (replaced(symbol="NOPE"), 'symbol: "NOPE" is no instrument here'),
    (replaced(account="nobody"), 'account: "nobody" is no account here'),
    (replaced(price="1\x00"), 'price: "1\\x00" is no number'),
    (replaced(side="hold"), 'side: "hold" is not known; there are buy, sell'),
    (replaced(external_id="a\x00b"), "external_id: holds a NUL character"),
    (replaced(external_id="x" * 600), "external_id: is 600 characters long"),
    (GOOD + ",more", "row: has 10 fields, the header 9"),
    (GOOD.rpartition(",")[0], "row: has 8 fields, the header 9"),
]


def test_a_bad_row_is_a_reject_with_its_line_and_reason(desk: Desk) -> None:
    result = desk.load("trades", trades(GOOD, *(row for row, _ in BAD_ROWS), GOOD))
    assert (result.tally.read, result.tally.loaded) == (len(BAD_ROWS) + 2, 2)
    found = desk.all("select line_no, raw, reasons from ops.ingest_rejects order by line_no")
    for at, (row, why) in enumerate(BAD_ROWS):
        line, raw, reasons = found[at]
        assert (line, raw) == (at + 3, row.replace("\x00", "\\x00"))
        assert why in "; ".join(f"{column}: {reason}" for column, reason in reasons.items())


def test_a_quote_that_never_closes_costs_its_own_line(desk: Desk) -> None:
    result = desk.load("trades", trades(GOOD, replaced(external_id='"never closed'), GOOD))
    assert (result.tally.read, result.tally.loaded, result.tally.rejected) == (3, 2, 1)
    assert desk.why() == "row: opens a quote that nothing closes"
    assert desk.rejects()[0][0] == 3


def test_mixed_encodings_reject_the_rows_that_are_not_utf_8(desk: Desk) -> None:
    content = trades(GOOD, replaced(external_id="é"), replaced(external_id="Ö")).encode()
    result = desk.load("trades", content.replace("Ö".encode(), "Ö".encode("latin-1")))
    assert (result.tally.loaded, result.tally.rejected) == (2, 1)
    assert "external_id: is not UTF-8: byte 0xd6" in desk.why()
    assert "\\xd6" in desk.one("select raw from ops.ingest_rejects")
    latin = trades(replaced(external_id="Ö")).encode("latin-1")
    assert desk.load("trades", latin, {"encoding": "latin-1"}).tally.loaded == 1
    assert desk.load("trades", trades(replaced(external_id="Ü")).encode("utf-16")).tally.loaded == 1


def test_quoted_newlines_are_one_row_and_the_lines_below_keep_their_numbers(desk: Desk) -> None:
    result = desk.load("trades", trades(replaced(external_id='"a\nb"'), replaced(price="x")))
    assert (result.tally.loaded, result.tally.rejected) == (1, 1)
    assert desk.one("select external_id from trading.external_ids") == "a\nb"
    assert desk.rejects()[0][0] == 4


def test_a_byte_order_mark_and_another_delimiter_are_understood(desk: Desk) -> None:
    content = "\ufeff" + trades(replaced(symbol=" ABC ")).replace(",", ";").replace("\n", "\r\n")
    assert desk.load("trades", content).tally.loaded == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("\n\n", "is empty, or has no header"),
        ("account:symbol:side\nacc-1:ABC:buy\n", "has no column"),
        ("account,account,symbol\n", "more than once, in columns 1, 2.*has no header"),
        ("[\n{}]", "is one JSON array"),
        ('{\n"account": "acc-1"\n}\n', "one JSON object over several lines"),
        ("a\x00c\x00c\x00,\x00\n\x00", "holds NUL characters"),
        ("a\rb,\rc\n1", "is no header"),
        (",".join(f"c{n}" for n in range(3000)) + "\n", "c39 and 2960 more"),
    ],
)
def test_a_file_that_is_none_is_one_clear_error(desk: Desk, content: str, why: str) -> None:
    name = "file.json" if content[:1] in ("[", "{") else "file.csv"
    with pytest.raises(BadFile, match=why):
        desk.load("trades", desk.file(content, name))
    assert nothing_kept(desk)


def test_a_file_whose_last_line_is_open_is_loaded_and_told(desk: Desk) -> None:
    assert desk.load("trades", trades(GOOD)).ends_a_line
    assert not desk.load("trades", trades(GOOD, GOOD).rstrip("\n")).ends_a_line


def test_times_in_another_unit_than_was_told_are_not_taken_for_1970(desk: Desk) -> None:
    rows = [replaced(executed_at=str(1767623400123 + n)) for n in range(2)]
    assert desk.load("trades", trades(*rows), {"unit": "us"}).tally.rejected == 2
    assert "is the unit right?" in desk.rejects()[0][1]["executed_at"]
    assert desk.load("trades", trades(*rows), {"unit": "ms"}).tally.loaded == 2


def test_every_rule_that_a_row_can_break_has_words_of_its_own() -> None:
    by_itself = ("_positive", "_non_negative", "_known", "_finite")  # told by what casts a column
    by_loader = ("_key_whole", "_root_depth")  # columns that no file has
    rules = {
        str(rule.name).removesuffix("_check")
        for kind in KINDS.values()
        for rule in kind.table.constraints
        if isinstance(rule, CheckConstraint)
    }
    wordless = {name for name in rules if not name.endswith(by_itself + by_loader)}
    assert wordless - {name.removesuffix("_check") for name in BROKEN} == set()


@pytest.mark.parametrize("name", ["none.csv", "none.ndjson", "none.json.zst"])
def test_an_empty_file_is_an_error_each_time_for_what_wrote_it_may_have_failed(
    desk: Desk, name: str
) -> None:
    content = pa.compress(b"", "zstd", asbytes=True) if name.endswith("zst") else b""
    for _ in range(2):
        with pytest.raises(BadFile, match="file is empty"):
            desk.load("trades", desk.file(content, name))


def test_a_file_that_is_packed_another_time_is_the_same_file(desk: Desk) -> None:
    content = trades("acc-1,,2026-01-05T14:30:00Z,,,ABC,buy,1,1").encode()
    packed = (gzip.compress(content, mtime=time) for time in (1, 2))
    forms = {"a.csv": content, **{f"{n}.csv.gz": each for n, each in enumerate(packed)}}
    found = [desk.load("trades", desk.file(each, name)) for name, each in forms.items()]
    assert [each.repeats for each in found] == [False, True, True]


def test_a_header_alone_is_a_load_of_no_rows(desk: Desk) -> None:
    assert desk.load("trades", trades()).tally.read == 0


def test_a_directory_and_a_pattern_without_files_are_errors(desk: Desk) -> None:
    with pytest.raises(BadFile, match="is a directory"), seen(str(desk.folder)):
        pass
    with pytest.raises(BadFile, match="There is no file"), seen(str(desk.folder / "none.csv")):
        pass
    desk.folder.joinpath("day.nothing").mkdir()
    (name,) = expand([str(desk.folder / "*.nothing")])
    with pytest.raises(BadFile, match="There is no file .*[*].nothing"), seen(name):
        pass


@pytest.mark.parametrize("suffix", ["csv.gz", "csv.zst", "parquet"])
def test_a_truncated_file_keeps_nothing(desk: Desk, suffix: str) -> None:
    content = trades(*(replaced(external_id=os.urandom(8).hex()) for _ in range(2000))).encode()
    if suffix == "parquet":
        table = pa.table({name: ["x"] * 100 for name in trades().strip().split(",")})
        sink = io.BytesIO()
        pq.write_table(table, sink)
        content = sink.getvalue()
    else:
        codec = pa.Codec({"csv.gz": "gzip", "csv.zst": "zstd"}[suffix])
        content = codec.compress(content, asbytes=True)
    with pytest.raises(IngestError):
        desk.load("trades", desk.file(content[: len(content) * 3 // 4], f"file.{suffix}"))
    assert nothing_kept(desk)


def test_ndjson_that_is_none_is_told_line_by_line(desk: Desk) -> None:
    good = {
        "account": "acc-1",
        "executed_at": "2026-01-05T14:30:00Z",
        "symbol": "ABC",
        "side": "buy",
    }
    rows = [
        json.dumps(good | {"quantity": 1, "price": "1.5"}),
        "{",
        "7",
        json.dumps(good | {"price": "1.5"}),
        "",
        "{" * 100_000,
        json.dumps(good | {"quantity": 1, "price": float("nan")}),
    ]
    result = desk.load("trades", desk.file("\n".join(rows), "file.ndjson"))
    assert (result.tally.read, result.tally.loaded) == (6, 1)
    told = {line: next(iter(reasons.values())) for line, reasons in desk.rejects()}
    assert sorted(told) == [2, 3, 4, 6, 7]
    assert "is not JSON" in told[2]
    assert told[3] == "is no JSON object"
    assert told[4] == "is missing"
    assert told[7] == "is NaN, which is no number"


def test_a_bar_whose_prices_are_out_of_order_is_told_in_words(desk: Desk) -> None:
    row = "ABC,1d,2026-01-05T00:00:00Z,10,{high},9,11,5"
    result = desk.load("bars", bars(row.format(high=12), row.format(high=8).replace("05T", "06T")))
    assert (result.tally.loaded, result.tally.rejected) == (1, 1)
    assert "high must be the highest" in desk.why()


def test_an_hour_that_the_clocks_skip_is_no_time(desk: Desk) -> None:
    rows = [replaced(executed_at=f"2026-03-08 0{hour}:30:00") for hour in (1, 2, 3)]
    assert desk.load("trades", trades(*rows), {"zone": "America/New_York"}).tally.loaded == 2
    assert "is skipped in America/New_York" in desk.why()


def test_a_mapping_that_names_what_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(BadMapping, match="prize"):
        desk.load("trades", trades(GOOD), {"columns": {"prize": "Px"}})
    with pytest.raises(BadFile, match="Px"):
        desk.load("trades", trades(GOOD), {"columns": {"price": "Px"}})


def test_an_unknown_source_is_told_with_those_there_are(desk: Desk) -> None:
    desk.conn.execute("update reference.sources set name = 'other'")
    with pytest.raises(IngestError, match="there are other"):
        desk.load("trades", trades(GOOD))


def test_a_file_that_changes_while_it_is_read_keeps_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse.ingest import run

    path = desk.file(trades(GOOD))
    really = run.Run.read

    def read(run: Any, tell: Any) -> Any:
        path.write_text(trades(GOOD, GOOD))
        return really(run, tell)

    monkeypatch.setattr(run.Run, "read", read)
    with pytest.raises(BadFile, match="changed while it was being read"):
        desk.load("trades", path)
    assert nothing_kept(desk)


ENDLESS = """
from warehouse.ingest.csv_rows import Dialect, chunks

class Stream:
    # A header, a row, a line of a gigabyte in pieces, a row.
    def __init__(self):
        self.parts = self.made()
    def made(self):
        yield b"a,b\\n1,2\\n"
        for _ in range(512):
            yield b"x" * (2 << 20)
        yield b"\\n3,4\\n"
    def read(self, size):
        return next(self.parts, b"")

# Not getrusage, which counts what the process that started this one held.
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmHWM" in line)

base = peak()
rows, unread = 0, []
for chunk in chunks(Stream(), Dialect(), ("a", "b")):
    rows += len(chunk)
    unread += chunk.unread
grown = (peak() - base) // 1024
print(rows, [(r.line, len(r.raw), r.reasons["row"]) for r in unread], grown)
assert grown < 100, grown
"""


def test_a_line_of_a_gigabyte_is_a_reject_of_which_the_head_is_kept() -> None:
    found = program(ENDLESS)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("2 [(3, 655")
    assert "1,073,741,824 bytes long" in found.stdout


FULL_DISK = """
import resource, signal, sys
from warehouse.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
sys.argv = ["warehouse", "ingest", "trades", sys.argv[1]]
main()
"""


def test_the_disk_fills_and_the_load_can_be_run_again(desk: Desk) -> None:
    """The rejects' spool meets a limit on file sizes, as a full disk would stop it."""
    bad = replaced(price="-1", external_id="x" * 900)
    path = desk.file(trades(GOOD, *[bad] * 10_000))
    ended = program(FULL_DISK, str(path))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "File too large" in ended.stderr
    assert "TMPDIR" in ended.stderr
    assert nothing_kept(desk)
    assert desk.load("trades", path).tally.loaded == 1
