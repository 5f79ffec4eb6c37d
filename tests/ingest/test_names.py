"""What rows name: other rows of the file, rows within rows, and the cash that another row carries."""

from tests.ingest.conftest import Desk, trades
from warehouse.models.ops import IngestMode

LIMITS = "scope,principal,portfolio,symbol,measure,threshold,severity\n"
TRANSACTIONS = "account,external_id,transaction_at,transaction_type,status,net_amount,currency,trade,cash_flow\n"


def test_categories_are_named_by_the_way_to_them(desk: Desk) -> None:
    tree = "parent,name\nA > B,C\nA,B\n,A\nA > X,C\n,C\n"
    assert desk.load("categories", tree).tally.loaded == 4
    assert desk.why() == 'parent: "A > X" is no category here'
    found = desk.all("select name, depth from library.categories order by depth, name")
    assert found == [("A", 0), ("C", 0), ("B", 1), ("C", 2)]
    again = desk.load("categories", tree + ",D\n", mode=IngestMode.UPSERT).tally
    assert (again.loaded, again.duplicate, again.rejected) == (1, 4, 1)


def test_an_instrument_may_derive_from_one_of_its_file(desk: Desk) -> None:
    header = "symbol,asset_type,currency,underlying\n"
    tally = desk.load("instruments", header + "NEWF,future,USD,NEW\nNEW,index,USD,\n").tally
    assert tally.loaded == 2
    assert desk.one(
        "select u.symbol from reference.instruments as i"
        " join reference.instruments as u on u.instrument_id = i.underlying_id"
    ) == "NEW"  # fmt: skip


def test_a_place_that_another_row_has_is_a_reject(desk: Desk) -> None:
    desk.load("books", "isbn,title,price,language\n9780306406157,T,1,en\n")
    desk.load("authors", "name,birth_year\nJ,1961\nJ,\nK,\n")
    header = "isbn,author,birth_year,position\n"
    rows = (
        "9780306406157,J,1961,1\n9780306406157,J,,1\n9780306406157,K,,2\n9780306406157,K,1900,3\n"
    )
    assert desk.load("book-authors", header + rows).tally.loaded == 2
    assert dict(desk.rejects()) == {
        3: {"position": "is taken by another row"},
        5: {"author": '"K" is no author'},
    }


def test_a_limit_in_force_is_known_by_what_keeps_it(desk: Desk) -> None:
    desk.load("principals", "login,principal_type,display_name\nada,person,A\nbob,person,B\n")
    desk.load("portfolios", "principal,name,base_currency\nada,P,USD\n")
    rows = "portfolio,ada,P,,loss,10,warning\ninstrument,,,ABC,loss,10,warning\n"
    assert (
        desk.load("limits", LIMITS + rows + "portfolio,bob,P,,loss,1,warning\n").tally.loaded == 2
    )
    assert desk.why() == 'portfolio: "P" is no portfolio of the principal'
    changed = LIMITS + rows.replace("loss,10", "loss,20")
    assert desk.load("limits", changed, mode=IngestMode.UPSERT).tally.loaded == 2
    assert desk.all("select threshold from risk.limits") == [(20,), (20,)]


def test_a_transaction_names_the_row_that_carries_its_cash(desk: Desk) -> None:
    desk.load("trades", trades("acc-1,t1,2026-01-05T14:30:00Z,,,ABC,buy,10,1.5"))
    desk.load(
        "cash-flows",
        "account,external_id,flow_at,kind,amount,currency\nacc-1,c1,2026-01-05T15:00:00Z,deposit,9,USD\n",
    )
    moment = "2026-01-06T00:00:00Z"
    rows = (
        f"acc-1,b1,{moment},trade,valid,-15,USD,t1,\n"
        f"acc-1,b2,{moment},ach_receipt,valid,9,USD,,c1\n"
        f"acc-2,b3,{moment},trade,valid,-15,USD,t1,\n"
        f"acc-1,b4,{moment},trade,valid,-15,USD,t1,c1\n"
    )
    assert desk.load("transactions", TRANSACTIONS + rows).tally.loaded == 2
    told = dict(desk.rejects())
    assert told[4] == {"trade": '"t1" is no trade of the account'}
    assert "settles a trade or is mirrored by a cash flow, not both" in told[5]["row"]
    found = desk.all(
        "select t.quantity, c.amount from trading.transactions as b"
        " left join trading.trades as t on (t.executed_at, t.trade_id) = (b.trade_executed_at, b.trade_id)"
        " left join portfolio.cash_flows as c using (cash_flow_id) order by 1"
    )
    assert found == [(10, None), (None, 9)]


def test_items_name_a_transaction_that_is_still_here(desk: Desk) -> None:
    row = "acc-1,b1,2026-01-06T00:00:00Z,journal,valid,1,USD,,\n"
    desk.load("transactions", TRANSACTIONS + row)
    items = "account,transaction,item_no,amount,cost\nacc-1,b1,1,1,1\nacc-1,b9,1,1,1\n"
    assert desk.load("transaction-items", items).tally.loaded == 1
    assert desk.why() == 'transaction: "b9" is no transaction of the account'
