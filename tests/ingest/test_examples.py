"""The example files are loaded as they stand, in the order of the kinds, one for each kind."""

import tomllib

import pytest

from tests.ingest.conftest import Desk
from tests.server import CHECKOUT
from warehouse.ingest.kinds import KINDS

EXAMPLES = CHECKOUT / "docs" / "examples"


@pytest.mark.usefixtures("account_key")
def test_every_kind_has_an_example_and_every_example_is_loaded_whole(desk: Desk) -> None:
    desk.conn.execute("delete from reference.instruments; delete from reference.strategies")
    desk.conn.execute("delete from reference.accounts")
    for kind in KINDS:
        (path,) = EXAMPLES.glob(f"{kind}.*")
        tally = desk.load(kind, path).tally
        rows = len(path.read_text().splitlines()) - (path.suffix == ".csv")
        assert (tally.read, tally.loaded) == (rows, rows), (kind, desk.rejects())
    broker = tomllib.loads((EXAMPLES / "broker.toml").read_text())
    assert desk.load("orders", EXAMPLES / "broker.ndjson", broker).tally.loaded == 2
    assert desk.count("trading.order_legs") == 1 + 2
    assert desk.count("trading.order_activities") == 2 + 2
    mapping = tomllib.loads((EXAMPLES / "vendor.toml").read_text())
    assert desk.load("trades", EXAMPLES / "vendor.csv", mapping).tally.loaded == 2
    # The split of 2 February comes after all of them.
    assert desk.one("select quantity from trading.positions") == 4 * (60 + 40 + 10 - 1)
