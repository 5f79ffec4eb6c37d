"""The example files are loaded as they stand, in the order of the guide, one for each kind."""

import tomllib

from tests.ingest.conftest import Desk
from tests.server import CHECKOUT
from warehouse.ingest.kinds import KINDS

EXAMPLES = CHECKOUT / "docs" / "examples"
# What others refer to comes first.
ORDER = (
    *("instruments", "instrument-identifiers", "daily-marks", "fx-rates", "bars", "key-statistics"),
    *("institutional-holders", "corporate-actions", "option-expirations", "option-contracts"),
    *("option-deliverables", "option-chains", "option-quotes", "events", "event-odds"),
    *("event-predictions", "orders", "order-activities", "trades", "transactions", "cash-flows"),
    "signals",
)


def test_every_kind_has_an_example_and_every_example_is_loaded_whole(desk: Desk) -> None:
    assert set(ORDER) == set(KINDS)
    desk.conn.execute("delete from reference.instruments")
    for kind in ORDER:
        (path,) = EXAMPLES.glob(f"{kind}.*")
        tally = desk.load(kind, path).tally
        rows = len(path.read_text().splitlines()) - (path.suffix == ".csv")
        assert (tally.read, tally.loaded) == (rows, rows), (kind, desk.rejects())
    mapping = tomllib.loads((EXAMPLES / "vendor.toml").read_text())
    assert desk.load("trades", EXAMPLES / "vendor.csv", mapping).tally.loaded == 2
    assert desk.one("select quantity from trading.positions") == 60 + 40 + 10 - 1
