"""Options are priced by one model: parity holds, the Greeks are the price's slopes, quotes surround it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demo.reading import of_table
from warehouse.demo.black_scholes import value
from warehouse.demo.listed_options import contract_chunks
from warehouse.demo.quotes import Chains, quote_chunks
from warehouse.demo.volatility import INTEREST_RATE

PRICED = {
    "spot": st.floats(20, 500),
    "moneyness": st.floats(0.7, 1.4),
    "years": st.floats(0.02, 2),
    "rate": st.floats(0, 0.1),
    "volatility": st.floats(0.1, 1),
}


@given(**PRICED)
def test_put_call_parity(
    spot: float, moneyness: float, years: float, rate: float, volatility: float
) -> None:
    strike = spot * moneyness
    call, put = (
        value(spot, strike, years, rate, volatility, is_call).price for is_call in (True, False)
    )
    assert call - put == pytest.approx(spot - strike * np.exp(-rate * years), abs=1e-8 * spot)


@given(is_call=st.booleans(), **PRICED)
def test_greeks_are_the_slopes_of_the_price(
    is_call: bool, spot: float, moneyness: float, years: float, rate: float, volatility: float
) -> None:
    strike = spot * moneyness

    def price(**moved: float) -> float:
        at = {"spot": spot, "years": years, "rate": rate, "volatility": volatility} | moved
        return float(value(strike=strike, is_call=is_call, **at).price)

    def slope(name: str, at: float, by: float) -> float:
        return (price(**{name: at + by}) - price(**{name: at - by})) / (2 * by)

    found = value(spot, strike, years, rate, volatility, is_call)
    step = spot * 1e-4
    assert float(found.delta) == pytest.approx(slope("spot", spot, step), rel=1e-3, abs=1e-5)
    curve = (price(spot=spot + step) - 2 * price() + price(spot=spot - step)) / step**2
    assert float(found.gamma) == pytest.approx(curve, rel=1e-2, abs=1e-3 / spot)
    assert float(found.vega) == pytest.approx(
        slope("volatility", volatility, 1e-5) / 100, rel=1e-3, abs=1e-5
    )
    assert float(found.rho) == pytest.approx(slope("rate", rate, 1e-6) / 100, rel=1e-3, abs=1e-5)
    assert float(found.theta) == pytest.approx(
        -slope("years", years, 1e-6) / 365, rel=1e-3, abs=1e-5
    )


def test_contracts_are_named_by_their_terms(found: Chains) -> None:
    rows = of_table(contract_chunks(found), "option_contracts")
    for row in rows:
        symbol = row["osi_symbol"]
        assert len(symbol) == 21
        assert symbol[:6].rstrip() == row["option_root"]
        assert symbol[6:12] == f"{row['expiration_date']:%y%m%d}"
        assert symbol[12] == {"call": "C", "put": "P"}[row["put_call"]]
        assert Decimal(symbol[13:]) / 1000 == row["strike"]
    assert len({row["osi_symbol"] for row in rows}) == len(rows)


def test_expirations_are_trading_days_weekly_and_standard(found: Chains) -> None:
    rows = of_table(contract_chunks(found), "option_expirations")
    days = {row["expiration_date"] for row in rows}
    start, until = found.world.start, max(days)
    assert days <= set(found.world.open_days("XNYS", start, until).day.tolist())
    assert {row["expiration_type"].value for row in rows} == {"W", "S"}
    assert any(row["is_leap"] for row in rows)


def test_quotes_surround_the_models_price_and_keep_their_order(found: Chains) -> None:
    rows = of_table(quote_chunks(found), "option_quotes")
    assert rows
    for row in rows:
        assert 0 <= row["bid"] < row["ask"]
        assert row["bid"] <= row["theoretical_value"] + Decimal("0.011")
        assert row["ask"] >= row["theoretical_value"]
        assert row["mark"] * 2 == row["bid"] + row["ask"]
        assert row["low"] <= row["open"] <= row["high"]
        assert row["intrinsic_value"] + row["time_value"] == row["mark"]
        assert row["snapshot_at"].date() <= row["expiration_date"]


def test_calls_and_puts_of_a_quoted_chain_keep_parity(found: Chains) -> None:
    chunks = list(quote_chunks(found))
    contracts = {
        row["option_contract_id"]: row
        for row in of_table(contract_chunks(found), "option_contracts")
    }
    spots = {
        (row["underlying_id"], row["snapshot_at"]): float(row["underlying_price"])
        for row in of_table(chunks, "option_chains")
    }
    pairs: dict[object, dict[str, float]] = {}
    ends = dict(zip(found.contracts.contract_id.tolist(), found.contracts.ends_at, strict=True))
    for row in of_table(chunks, "option_quotes"):
        one = contracts[row["option_contract_id"]]
        years = (
            ends[row["option_contract_id"]] - np.datetime64(row["snapshot_at"])
        ) / np.timedelta64(365, "D")
        owed = float(one["strike"]) * np.exp(-INTEREST_RATE * float(years))
        key = one["underlying_id"], one["expiration_date"], one["strike"], row["snapshot_at"]
        pair = pairs.setdefault(key, {"forward": spots[key[0], key[3]] - owed})
        pair[one["put_call"]] = float(row["theoretical_value"])
    assert len(pairs) > 300
    for pair in pairs.values():
        assert pair["call"] - pair["put"] == pytest.approx(pair["forward"], abs=1e-4)
