"""Files become facts, once, and every row is accounted for."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ingest.conftest import Desk, bars, trades
from warehouse.ingest import direct, lines
from warehouse.ingest.errors import IngestError, TooManyRejects
from warehouse.ingest.order import Limit
from warehouse.models.ops import IngestMode

BUY = "acc-1,{id},2026-01-05T14:30:00Z,,,ABC,buy,10,{price}"
BAR = "ABC,1d,2026-01-{day:02}T00:00:00Z,10,12,9,11,{volume}"


def test_a_trade_is_stored_with_the_digits_it_came_with(desk: Desk) -> None:
    result = desk.load("trades", trades(BUY.format(id="x1", price="1.10")))
    assert (result.tally.read, result.tally.loaded, result.tally.rejected) == (1, 1, 0)
    row = desk.one(
        "select account_hash, symbol, executed_at, quantity::text, price::text, commission, batch_id"
        " from trading.trades join reference.accounts using (account_id)"
        " join reference.instruments using (instrument_id)"
    )
    moment = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    assert row == ("acc-1", "ABC", moment, "10", "1.10", 0, result.batch_id)


@pytest.mark.parametrize("given", ["7 9999 10000 1.10 0.0001 12345678.5", "2e-30 1e40 10000.0000"])
def test_numbers_of_every_length_are_stored_as_they_came(desk: Desk, given: str) -> None:
    prices = given.split()
    rows = (BUY.format(id=f"x{n}", price=price) for n, price in enumerate(prices))
    desk.load("trades", trades(*rows))
    stored = desk.all("select price::text from trading.trades order by trade_id")
    assert stored == [(f"{Decimal(price):f}",) for price in prices]


def test_positions_equal_the_trades_when_the_load_is_committed(desk: Desk) -> None:
    sell = "acc-1,x2,2026-01-06T14:30:00Z,,,ABC,sell,4,2"
    desk.load("trades", trades(BUY.format(id="x1", price=1), sell))
    assert desk.one("select quantity, realized_pnl from trading.positions") == (6, 4)


def test_missing_partitions_are_made_first(desk: Desk) -> None:
    desk.load("bars", bars("ABC,1d,2019-05-06T00:00:00Z,10,12,9,11,5"))
    assert desk.one("select tableoid::regclass::text from market.bars") == "market.bars_p20190501"


def test_the_load_names_its_events_and_its_events_name_it(desk: Desk) -> None:
    result = desk.load("trades", trades(BUY.format(id="x1", price=1)))
    events = desk.one("select event_ids from ops.ingest_batches")
    named = desk.all("select event_id from audit.events where batch_id = %s", result.batch_id)
    assert sorted(events) == sorted(event for (event,) in named)
    assert desk.one("select event_id from trading.trades") in events


def test_the_same_content_again_is_a_no_op_that_says_so(desk: Desk) -> None:
    first = desk.load("trades", trades(BUY.format(id="", price=1)))
    again = desk.load("trades", desk.file(trades(BUY.format(id="", price=1)), "copy.csv"))
    assert (again.repeats, again.batch_id) == (True, first.batch_id)
    assert desk.count("trading.trades") == 1
    other = desk.load("trades", trades(BUY.format(id="", price=1)), {"zone": "Asia/Tokyo"})
    assert not other.repeats, "the same bytes read otherwise are another load"


def test_identical_prints_without_external_id_are_all_kept(desk: Desk) -> None:
    result = desk.load("trades", trades(*[BUY.format(id="", price=1)] * 3))
    assert (result.tally.loaded, desk.count("trading.trades")) == (3, 3)


@pytest.mark.parametrize(
    ("mode", "duplicate", "rejected"), [(IngestMode.INSERT, 0, 2), (IngestMode.IGNORE, 2, 0)]
)
def test_an_external_id_is_stored_once(
    desk: Desk, mode: IngestMode, duplicate: int, rejected: int
) -> None:
    desk.load("trades", trades(BUY.format(id="x1", price=1)))
    rows = [BUY.format(id=i, price=2) for i in ("x1", "x2", "x2", "x3")]
    tally = desk.load("trades", trades(*rows), mode=mode).tally
    assert (tally.read, tally.loaded, tally.duplicate, tally.rejected) == (
        4,
        2,
        duplicate,
        rejected,
    )
    assert desk.count("trading.trades") == desk.count("trading.external_ids") == 3


@pytest.mark.parametrize(
    ("mode", "tally", "volumes"),
    [
        (IngestMode.INSERT, (3, 1, 0, 2), [5, 7]),
        (IngestMode.IGNORE, (3, 1, 2, 0), [5, 7]),
        (IngestMode.UPSERT, (3, 2, 1, 0), [6, 8]),
    ],
)
def test_modes_say_what_happens_to_a_bar_that_is_there(
    desk: Desk, mode: IngestMode, tally: tuple[int, ...], volumes: list[int]
) -> None:
    desk.load("bars", bars(BAR.format(day=5, volume=5)))
    again = [BAR.format(day=d, volume=v) for d, v in ((5, 6), (6, 7), (6, 8))]
    found = desk.load("bars", bars(*again), mode=mode).tally
    assert (found.read, found.loaded, found.duplicate, found.rejected) == tally
    assert [v for (v,) in desk.all("select volume from market.bars order by bar_at")] == volumes


MISSED = "select last_error, last_at from ops.instrument_data_status order by instrument_id"


@pytest.mark.parametrize("limit", [Limit(), Limit(most=0)], ids=["kept", "refused"])
def test_a_feed_says_why_rows_of_it_were_turned_away(desk: Desk, limit: Limit) -> None:
    good, bad = BAR.format(day=5, volume=5), BAR.format(day=6, volume=-1)
    content = bars(good, bad, bad.replace("06T", "07T"), good.replace("ABC", "XYZ"))
    why = f'{desk.folder / "file.csv"}, line 3: volume "-1" is below zero'
    if limit.most is None:
        desk.load("bars", content)
        day = datetime(2026, 1, 5, tzinfo=UTC)
        assert desk.all(MISSED) == [(why, day), (None, day)]
    else:
        with pytest.raises(TooManyRejects) as refusal:
            desk.load("bars", content, limit=limit)
        assert desk.all(MISSED) == [(str(refusal.value), None)]


def test_an_upsert_that_changes_nothing_writes_nothing(desk: Desk) -> None:
    desk.load("bars", bars(BAR.format(day=5, volume=5)))
    before = desk.count("audit.events")
    padded = desk.file(bars(BAR.format(day=5, volume="5.0")), "again.csv")
    assert desk.load("bars", padded, mode=IngestMode.UPSERT).tally.duplicate == 1
    assert desk.count("audit.events") == before
    assert desk.one("select volume::text from market.bars") == "5"


def test_what_is_never_rewritten_cannot_be_upserted(desk: Desk) -> None:
    for kind, cure in (
        ("trades", "correction or a bust"),
        ("cash-flows", "--mode ignore passes by rows"),
        ("alerts", "nothing that tells one from another.*leave --mode out"),
    ):
        with pytest.raises(IngestError, match=cure):
            desk.load(kind, trades(), mode=IngestMode.UPSERT)


def test_corrections_and_busts_are_rows_that_name_what_they_replace(desk: Desk) -> None:
    desk.load("trades", trades(BUY.format(id="x1", price=1), BUY.format(id="x2", price=1)))
    result = desk.load(
        "trades",
        trades(
            "acc-1,x3,2026-01-05T14:30:00Z,correction,x1,ABC,buy,7,1",
            "acc-1,x4,2026-01-05T14:30:00Z,bust,x2,ABC,buy,10,1",
            "acc-1,x5,2026-01-05T14:31:00Z,,,ABC,buy,1,1",
            "acc-1,x6,2026-01-05T14:31:00Z,bust,x5,ABC,buy,1,1",
            "acc-1,x7,2026-01-05T14:31:00Z,bust,x2,ABC,buy,10,1",
            "acc-1,x8,2026-01-05T14:31:00Z,bust,x99,ABC,buy,10,1",
            "acc-1,x9,2026-01-05T14:31:00Z,bust,x8,ABC,buy,10,1",
            "acc-1,x10,2026-01-05T14:31:00Z,new,x1,ABC,buy,10,1",
        ),
    )
    assert (result.tally.loaded, result.tally.rejected) == (4, 4)
    assert desk.one("select quantity from trading.positions") == 7
    told = dict(desk.rejects())
    assert "replaces a trade that a row before it replaces" in told[6]["replaces_external_id"]
    assert "names no trade" in told[7]["replaces_external_id"]
    assert "is not here" in told[8]["replaces_external_id"]
    assert "a new trade none" in told[9]["row"]


def test_too_many_rejects_refuse_the_file_and_keep_the_reasons(desk: Desk) -> None:
    content = trades(BUY.format(id="x1", price=1), BUY.format(id="x2", price=-1))
    for limit in (Limit(most=0), Limit(share=0.4)):
        with pytest.raises(TooManyRejects, match="1 of 2 rows"):
            desk.load("trades", content, limit=limit)
    assert desk.count("trading.trades") == 0
    assert desk.all("select distinct state, loaded_count from ops.ingest_batches") == [
        ("refused", 0)
    ]
    assert desk.why() == 'price: "-1" is not above zero'
    assert desk.load("trades", content, limit=Limit(share=0.5)).tally.loaded == 1


def test_a_mended_reject_is_loaded_from_a_file_of_its_own(desk: Desk) -> None:
    desk.load("trades", trades(BUY.format(id="x1", price=1), BUY.format(id="x2", price="l.5")))
    raw = desk.one("select raw from ops.ingest_rejects")
    assert desk.load("trades", trades(raw.replace("l.5", "1.5"))).tally.loaded == 1


def test_the_same_rows_come_from_csv_ndjson_and_parquet(desk: Desk) -> None:
    rows = [("acc-1", "2026-01-05T14:30:00Z", "ABC", "buy", "10", "1.10", "0")]
    names = ("account", "executed_at", "symbol", "side", "quantity", "price", "commission")
    csv = ",".join(names) + "\n" + ",".join(rows[0]) + "\n"
    ndjson = '{"account": "acc-1", "executed_at": "2026-01-05T14:30:00Z", "symbol": "ABC",'
    ndjson += ' "side": "buy", "quantity": 10, "price": 1.10, "commission": null}\n'
    desk.load("trades", desk.file(csv, "a.csv"))
    desk.load("trades", desk.file(gzip.compress(csv.replace("0\n", "0 \n").encode()), "b.csv.gz"))
    spaced = csv.replace("commission\n", " commission\n").encode()
    packed = pa.Codec("zstd").compress(spaced, asbytes=True)
    desk.load("trades", desk.file(packed, "c.csv.zst"))
    desk.load("trades", desk.file(ndjson, "d.ndjson"))
    for number, price in enumerate((pa.array([Decimal("1.10")]), pa.array(["1.10"]))):
        columns = dict(zip(names, map(pa.array, ([v] for v in rows[0])), strict=True))
        moment = pa.array([datetime(2026, 1, 5, 14, 30, tzinfo=UTC)], pa.timestamp("ns", "UTC"))
        columns |= {"price": price, "executed_at": moment, "quantity": pa.array([10])}
        pq.write_table(pa.table(columns), desk.folder / f"{number}.parquet")
        desk.load("trades", desk.folder / f"{number}.parquet")
    stored = desk.all(
        "select account_id, executed_at, instrument_id, side, quantity::text, price::text, commission,"
        " count(*) from trading.trades group by 1, 2, 3, 4, 5, 6, 7"
    )
    assert [row[-1] for row in stored] == [6]


def test_a_vendors_file_needs_a_mapping_and_no_code(desk: Desk) -> None:
    content = (
        "Acct;Trade Date;Time;Ticker;B/S;Shares;Cents;Note\n"
        "acc-1;01/05/2026;09:30:00 AM;ABC;B;10;110;x\n"
        "acc-1;01/06/2026;03:59:59 PM;ABC;S;-;110;x\n"
    )
    mapping = {
        "zone": "America/New_York",
        "columns": {
            "account": "Acct",
            "symbol": "Ticker",
            "executed_at": {"from": ["Trade Date", "Time"], "format": "%m/%d/%Y %I:%M:%S %p"},
            "side": {"from": "B/S", "values": {"B": "buy", "S": "sell"}},
            "quantity": {"from": "Shares", "nulls": ["-"], "default": "1"},
            "price": {"from": "Cents", "scale": "0.01"},
            "strategy": {"value": "momentum"},
        },
    }
    result = desk.load("trades", content, mapping)
    assert result.unused == ("Note",)
    assert desk.all(
        "select executed_at, side, quantity, price::text, strategy_id from trading.trades order by 1"
    ) == [
        (datetime(2026, 1, 5, 14, 30, tzinfo=UTC), "buy", 10, "1.10", 1),
        (datetime(2026, 1, 6, 20, 59, 59, tzinfo=UTC), "sell", 1, "1.10", 1),
    ]


@pytest.mark.parametrize(
    ("time", "column"), [("09:30:00", {}), ("9:30 AM", {"format": "%I:%M %p"})]
)
def test_times_of_a_session_are_of_the_day_that_is_named(
    desk: Desk, time: str, column: dict[str, str]
) -> None:
    row = f"acc-1,,{time},,,ABC,buy,1,1"
    told = {"date": "2026-01-05", "zone": "America/New_York", "columns": {"executed_at": column}}
    assert desk.load("trades", trades(row, row.replace(time, "noon")), told).tally.loaded == 1
    assert desk.one("select executed_at from trading.trades") == datetime(
        2026, 1, 5, 14, 30, tzinfo=UTC
    )


def test_numbers_are_read_as_the_vendor_points_them(desk: Desk) -> None:
    content = "account;executed_at;symbol;side;quantity;price\nacc-1;2026-01-05T14:30:00Z;ABC;buy;1.000;1.234,50\n"
    desk.load("trades", content, {"decimal": ",", "thousands": "."})
    assert desk.one("select quantity::text, price::text from trading.trades") == ("1000", "1234.50")


def test_a_symbol_means_the_listing_of_its_time(desk: Desk) -> None:
    desk.conn.execute(
        "update reference.instruments set listed_at = '2026-01-10' where symbol = 'ABC';"
        "insert into reference.instruments (symbol, asset_type, exchange, currency, delisted_at)"
        " values ('ABC', 'equity', 'XNAS', 'USD', '2026-01-06')"
    )
    rows = [BAR.format(day=day, volume=day) for day in (5, 8, 12)]
    assert desk.load("bars", bars(*rows)).tally.loaded == 2
    assert "was not listed then" in desk.why()
    found = desk.all(
        "select volume, delisted_at is null from market.bars join reference.instruments"
        " using (instrument_id) order by 1"
    )
    assert found == [(5, False), (12, True)]


def test_a_symbol_of_several_listings_is_told_apart_by_the_mapping(desk: Desk) -> None:
    desk.conn.execute(
        "insert into reference.instruments (symbol, asset_type, exchange, currency)"
        " values ('ABC', 'equity', 'XLON', 'GBP')"
    )
    assert desk.load("bars", bars(BAR.format(day=5, volume=1))).tally.rejected == 1
    assert "stands for several" in desk.why()
    mapping = {"columns": {"symbol": {"from": "symbol", "exchange": "XLON"}}}
    assert desk.load("bars", bars(BAR.format(day=5, volume=1)), mapping).tally.loaded == 1


def test_a_source_may_name_instruments_in_a_scheme_of_its_own(desk: Desk) -> None:
    desk.conn.execute(
        "insert into reference.instrument_identifiers (instrument_id, source_id, identifier_type,"
        " external_id) values (1, 1, 'CUSIP', '037833100')"
    )
    mapping = {"columns": {"symbol": {"from": "symbol", "identifier": "CUSIP"}}}
    row = BAR.format(day=5, volume=1).replace("ABC", "037833100")
    assert desk.load("bars", bars(row), mapping).tally.loaded == 1


def test_unknown_symbols_are_added_when_asked(desk: Desk) -> None:
    row = BAR.format(day=5, volume=1).replace("ABC", "NEW")
    assert desk.load("bars", bars(row)).tally.rejected == 1
    assert desk.why() == 'symbol: "NEW" is no instrument here'
    option = "NEW   260116C00100000"
    again = bars(row, row.replace("NEW", option))
    assert desk.load("bars", again, creates_instruments=True).tally.loaded == 2
    kinds = desk.all(
        "select asset_type from reference.instruments where symbol like 'NEW%' order by 1"
    )
    assert kinds == [("equity",), ("option",)]


def test_quotes_name_their_contract_and_take_its_expiration(desk: Desk) -> None:
    osi = "ABC   260116C00100000"
    desk.load(
        "option-contracts",
        "underlying,osi_symbol,put_call,strike,expiration_date,option_root\n"
        f"ABC,{osi},call,100,2026-01-16,ABC\n",
    )
    quotes = f"osi_symbol,snapshot_at,bid,ask,delta\n{osi},2026-01-05T15:00:00Z,1.10,1.20,0.5\n"
    assert desk.load("option-quotes", quotes).tally.loaded == 1
    row = desk.one("select expiration_date, bid::text from market.option_quotes")
    assert row == (date(2026, 1, 16), "1.10")


def test_activities_name_their_order_by_the_brokers_number(desk: Desk) -> None:
    desk.load(
        "orders",
        "account,external_id,symbol,session,duration,order_type,side,quantity,status,entered_at\n"
        "acc-1,o1,ABC,normal,day,market,buy,10,working,2026-01-05T14:00:00Z\n",
    )
    header = "account,order,external_id,activity_type,quantity,activity_at\n"
    rows = "acc-1,o1,e1,execution,10,2026-01-05T14:30:00Z\nacc-2,o1,e2,execution,1,2026-01-05T14:30:00Z\n"
    assert desk.load("order-activities", header + rows).tally.loaded == 1
    assert desk.why() == 'order: "o1" is no order of the account'


def test_rows_below_the_rollups_floor_name_the_way_back(desk: Desk) -> None:
    desk.conn.execute(
        "insert into ops.rollups (relation, logic_view, sources, time_column, key_columns, scope_mode,"
        " definition_hash, environment, source_floor) values ('m.r', 'm.v', '{market.bars}', 'bar_at',"
        " '{bar_at}', 'window', sha256(''), 'prod', '2026-01-06')"
    )
    rows = [BAR.format(day=day, volume=1) for day in (5, 6)]
    assert desk.load("bars", bars(*rows)).tally.loaded == 1
    assert "`warehouse partitions restore`" in desk.why()


def test_large_chunks_go_into_the_partitions_and_end_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "MANY", 1)
    monkeypatch.setattr(lines, "BLOCK", 4_000)
    rows = [
        f"acc-{1 + n % 2},x{n},2026-0{1 + n % 3}-05T14:{n // 60:02}:{n % 60:02}Z,,,ABC,buy,1,1.5"
        for n in range(300)
    ]
    rows.insert(150, "acc-1,y,2026-01-05T14:30:00Z,bust,x2,ABC,buy,1,1.5")
    result = desk.load("trades", trades(*rows))
    assert (result.tally.loaded, result.tally.rejected) == (301, 0)
    assert desk.count("trading.external_ids") == 301
    assert desk.one("select sum(quantity) from trading.positions") == 299
    unnamed = "select count(*) from trading.trades t where not exists (select from audit.events e"
    assert desk.one(f"{unnamed} where e.event_id = t.event_id and e.batch_id = t.batch_id)") == 0
    told = desk.one(
        "select sum(row_count), min(time_from), max(time_to) from audit.events"
        " where table_name = 'trades' and operation = 'insert'"
    )
    stored = desk.one(
        "select count(*), min(executed_at), max(executed_at) + interval '1 microsecond' from trading.trades"
    )
    assert told == stored


def test_keys_are_locked_from_the_look_up_to_the_commit(desk: Desk, monkeypatch: Any) -> None:
    """Nothing slips between the check and the commit: who deletes the instrument has to wait."""
    from psycopg.errors import LockNotAvailable

    from warehouse.ingest import run
    from warehouse.ingest.booking.apply_fills import apply_fills

    tried = []

    def delete_meanwhile(conn: Any) -> int:
        with desk.connect() as other:
            other.execute("set lock_timeout = '50ms'")
            for table in ("instruments", "accounts", "sources"):
                with pytest.raises(LockNotAvailable):
                    other.execute(f"delete from reference.{table}")
                tried.append(table)
        return apply_fills(conn)

    monkeypatch.setattr(run, "apply_fills", delete_meanwhile)
    desk.load("trades", trades(BUY.format(id="x1", price=1)))
    assert len(tried) == 3
