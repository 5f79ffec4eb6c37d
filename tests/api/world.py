"""Two tenants with one of everything each, so that whatever one may read, the other's is there to leak.

All texts of a tenant hold its mark. Whoever adds a report over a new table adds a row for it here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import ClientCursor, Connection

from warehouse.db import keys
from warehouse.models.base import Base
from warehouse.partitions import ensure

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
PARTITIONED = (
    "market.bars",
    "market.option_chains",
    "market.option_quotes",
    "trading.trades",
    "trading.transactions",
    "trading.transaction_items",
    "portfolio.cash_flows",
)


@dataclass(frozen=True)
class Tenant:
    """One of the two; `number` is the key of all that is its own."""

    number: int

    @property
    def mark(self) -> str:
        return f"tenant-{self.number}-only"

    @property
    def account(self) -> str:
        return f"hash-{self.mark}"

    def grants(self) -> keys.Grants:
        return keys.Grants(portfolios=[self.number])


ONE, OTHER = Tenant(1001), Tenant(2002)
INSTRUMENT = 501
EVENT = 9000  # the world's own events come after it


def make(conn: Connection[Any]) -> None:
    """What both share, then each tenant's own."""
    with conn.transaction(), ClientCursor(conn) as cursor:  # one value serves as text and bytes
        for name in PARTITIONED:
            ensure(conn, Base.metadata.tables[name], MOMENT, MOMENT.replace(day=6))
        cursor.execute(
            "select setval(pg_get_serial_sequence('audit.events', 'event_id'), %s)", [EVENT]
        )
        cursor.execute(SHARED)
        for tenant in (ONE, OTHER):
            given = {"n": tenant.number, "mark": tenant.mark, "account": tenant.account}
            cursor.execute(OWN, given)


SHARED = """
insert into reference.sources (source_id, name, priority)
values (1, 'tape', 1),
(2, 'late', 2);
insert into reference.instruments (instrument_id, symbol, asset_type, exchange, currency)
values (501, 'SHARED', 'equity', 'XNYS', 'USD'),
(502, 'SECOND', 'equity', 'XNYS', 'USD');
insert into reference.trading_days (exchange, day, opens_at, closes_at)
values ('XNYS', '2026-01-05', '2026-01-05 14:30+00', '2026-01-05 21:00+00'),
('XNYS', '2026-01-06', '2026-01-06 14:30+00', '2026-01-06 21:00+00');
insert into reference.strategies (strategy_id, name)
values (601, 'trend');
insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)
values (501, '2026-01-02', 1, 9.90, 9.90),
(501, '2026-01-05', 2, 99, 99),
(501, '2026-01-05', 1, 10.40, 10.40);
insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close,
volume)
values (501, '1m', '2026-01-05 14:30+00', 1, 10.10, 10.50, 10.00, 10.20, 100),
(501, '1m', '2026-01-05 14:32+00', 1, 10.20, 10.60, 10.20, 10.40, 50.5),
(501, '1m', '2026-01-05 14:31+00', 2, 99, 99, 99, 99, 1);
insert into marts.fundamentals_latest (instrument_id, symbol, source_name, as_of, market_cap,
beta, sector)
values (501, 'SHARED', 'tape', '2026-01-05', 123456789012345678901234567890.5, 1.25, 'Energy');
insert into marts.technical_indicators_latest (instrument_id, symbol, asset_type, indicator_day,
adjusted_close, volume, sma_20)
values (501, 'SHARED', 'equity', '2026-01-05', 10.40, 151, 10.1);
insert into rollups.technical_indicators (instrument_id, indicator_day, adjusted_close, volume, sma_20)
values (501, '2026-01-02', 9.90, 120, 10.0),
(501, '2026-01-05', 10.40, 151, 10.1);
insert into rollups.bars_5m (instrument_id, bar_at, open, high, low, close, volume)
values (501, '2026-01-05 14:30+00', 10.10, 10.60, 10.00, 10.40, 150.5);
insert into rollups.bars_1d (instrument_id, bar_day, open, high, low, close, volume)
values (501, '2026-01-05', 10.10, 10.60, 10.00, 10.40, 150.5);
insert into marts.market_latest (instrument_id, symbol, asset_type, currency, source_name, bar_day,
price, price_change_pct)
values (501, 'SHARED', 'equity', 'USD', 'tape', '2026-01-05', 10.40, 0.05);
insert into marts.screener (instrument_id, symbol, asset_type, currency, sector, is_active, price,
market_cap, trailing_pe, rsi_14)
values (501, 'SHARED', 'equity', 'USD', 'Energy', true, 10.40, 1000000, 12.5, 28),
(502, 'SECOND', 'equity', 'USD', 'Energy', true, 20, 5000000, null, 71);
insert into marts.institutional_ownership (instrument_id, symbol, source_name, date_reported,
holder_count, shares)
values (501, 'SHARED', 'tape', '2026-01-05', 1, 7.5);
insert into marts.option_volume (underlying_id, underlying_symbol, source_name, volume_day,
contract_count, call_volume, put_volume, put_call_ratio)
values (501, 'SHARED', 'tape', '2026-01-05', 2, 10, 5, 0.5);
insert into rollups.option_volume_daily (instrument_id, source_id, volume_day, expiration_date,
contract_count, call_volume)
values (501, 1, '2026-01-02', '2026-01-16', 2, 7),
(501, 1, '2026-01-05', '2026-01-16', 2, 10);
insert into marts.option_chain_latest (option_contract_id, underlying_id, underlying_symbol,
osi_symbol, put_call, strike, expiration_date, multiplier, source_name, snapshot_at,
days_to_expiration, underlying_price, open_interest, volatility, delta, gamma)
values (701, 501, 'SHARED', 'SHARED260116C00010000', 'call', 10, '2026-01-16', 100, 'tape',
'2026-01-05 16:00+00', 11, 10.40, 250, 0.3, 0.60, 0.05);
insert into marts.audit_summary (table_schema, table_name, operation, event_count, row_count,
actor_count, day_count, first_event_at, last_event_at)
values ('trading', 'trades', 'insert', 2, 4, 1, 1, '2026-01-05 15:00+00', '2026-01-05 15:00+00');
insert into marts.data_freshness (relation, kind, newest_event_id, lag_seconds)
values ('trading.trades', 'table', 7, 0);
insert into market.institutional_holders (instrument_id, date_reported, holder_name, source_id,
shares)
values (501, '2026-01-01', 'Old Fund', 1, 5),
(501, '2026-01-05', 'New Fund', 1, 7.5);
insert into market.option_expirations (underlying_id, expiration_date, expiration_type)
values (501, '2026-01-16', 'S');
insert into market.option_contracts (option_contract_id, underlying_id, osi_symbol, put_call,
strike, expiration_date, option_root)
values (701, 501, 'SHARED260116C00010000', 'call', 10, '2026-01-16', 'SHARED'),
(702, 501, 'SHARED260116P00010000', 'put', 10, '2026-01-16', 'SHARED');
insert into market.option_quotes (option_contract_id, snapshot_at, source_id, expiration_date,
bid, ask, delta)
values (701, '2026-01-05 15:00+00', 1, '2026-01-16', 0.50, 0.60, 0.55),
(701, '2026-01-05 16:00+00', 1, '2026-01-16', 0.70, 0.80, 0.60);
insert into library.books (book_id, isbn, title, price, language)
values (801, '9780000000801', 'The Tape and Its Reader', 12.50, 'en');
insert into library.authors (author_id, name)
values (811, 'Ann Author');
insert into library.book_authors (book_id, author_id, position)
values (801, 811, 1);
insert into library.categories (category_id, name)
values (821, 'Markets');
insert into library.book_categories (book_id, category_id)
values (801, 821);
insert into ops.data_quality_findings (finding_id, check_name, severity, relation, instrument_id,
message)
values (901, 'spike', 'warning', 'market.bars', 501, 'it jumped');
"""
OWN = """
insert into reference.principals (principal_id, login, principal_type, display_name)
values (%(n)s, %(mark)s, 'person', %(mark)s);
insert into reference.accounts (account_id, account_hash, account_number_encrypted,
account_number_digest, display_name, account_type, base_currency)
values (%(n)s, %(account)s, %(mark)s, %(mark)s, %(mark)s, 'cash', 'USD');
insert into portfolio.portfolios (portfolio_id, principal_id, name, base_currency)
values (%(n)s, %(n)s, %(mark)s, 'USD');
insert into portfolio.portfolio_accounts (portfolio_id, account_id)
values (%(n)s, %(n)s);
insert into portfolio.watchlists (watchlist_id, principal_id, name)
values (%(n)s, %(n)s, %(mark)s);
insert into portfolio.watchlist_items (watchlist_id, instrument_id, note)
values (%(n)s, 501, %(mark)s);
insert into portfolio.alerts (alert_id, principal_id, alert_type, message, priority)
values (%(n)s, %(n)s, 'price', %(mark)s, 1);
insert into trading.orders (account_id, order_id, source_id, external_id, instrument_id, session,
duration, order_type, side, quantity, filled_quantity, remaining_quantity, price, status,
status_description, entered_at)
values (%(n)s, %(n)s, 1, %(mark)s, 501, 'normal', 'day', 'limit', 'buy', 10, 10, 0, 10.25,
'filled', %(mark)s, '2026-01-05 15:00+00');
insert into trading.order_legs (account_id, order_id, leg_no, leg_type, instruction, quantity,
instrument_id)
values (%(n)s, %(n)s, 1, 'equity', 'buy', 10, 501);
insert into trading.order_activities (account_id, order_id, activity_id, activity_type,
execution_type, quantity, activity_at)
values (%(n)s, %(n)s, %(n)s, 'execution', 'fill', 10, '2026-01-05 15:00:01+00');
insert into trading.execution_legs (account_id, order_id, activity_id, execution_no, leg_no,
price, quantity, executed_at)
values (%(n)s, %(n)s, %(n)s, 1, 1, 10.2500, 10, '2026-01-05 15:00:01+00');
insert into trading.trades (account_id, executed_at, trade_id, order_id, instrument_id, side,
quantity, price, commission, source_id)
values (%(n)s, '2026-01-05 15:00:01+00', %(n)s, %(n)s, 501, 'buy', 10, 10.2500, 1.00, 1),
(%(n)s, '2026-01-05 15:00:02+00', %(n)s + 1, null, 501, 'sell', 3, 10.5000, 1.00, 1);
insert into trading.positions (account_id, instrument_id, quantity, average_price)
values (%(n)s, 501, 7, 10.25);
insert into trading.transactions (account_id, transaction_at, transaction_id, transaction_type,
status, net_amount, currency, description, source_id)
values (%(n)s, '2026-01-05 21:00+00', %(n)s, 'journal', 'valid', -1.50, 'USD', %(mark)s, 1);
insert into trading.transaction_items (account_id, transaction_at, transaction_id, item_no,
amount, cost, fee_type)
values (%(n)s, '2026-01-05 21:00+00', %(n)s, 1, 1.50, -1.50, 'taf_fee');
insert into marts.portfolio_positions (account_id, instrument_id, symbol, asset_type, currency,
base_currency, multiplier, quantity, cost_basis, realized_pnl, market_value)
values (%(n)s, 501, %(mark)s, 'equity', 'USD', 'USD', 1, 7, 71.75, 0.75, 73.50),
(%(n)s, 502, %(mark)s, 'equity', 'USD', 'USD', 1, 0, 0, 5, 0),
(%(n)s, 503, 'SHARED260116C00010000', 'option', 'USD', 'USD', 100, 2, 100, 0, 120),
(%(n)s, 504, 'SHARED260116P00010000', 'option', 'USD', 'USD', 100, -1, 10, 0, -10);
insert into marts.account_income_fees (account_id, currency, kind, period_start, amount)
values (%(n)s, 'USD', 'dividend', '2026-01-01', %(n)s),
(%(n)s, 'USD', 'taf_fee', '2026-01-01', -1.50);
insert into rollups.holdings_daily (account_id, value_day, instrument_ids, quantities, prices)
values (%(n)s, '2026-01-02', '{502}', '{4}', '{2}'),
(%(n)s, '2026-01-05', '{501,502}', '{7,4}', '{10.25,2}');
insert into rollups.portfolio_value_daily (account_id, value_day, cash, market_value, equity,
day_change, position_count)
values (%(n)s, '2026-01-02', 900, 100, 1000, 0, 1),
(%(n)s, '2026-01-05', 900, %(n)s, %(n)s + 900, 25, 2);
insert into rollups.realized_pnl (account_id, instrument_id, executed_at, trade_id, currency,
closed_quantity, fifo_pnl, average_pnl, charges, closing_count, closed_quantity_total, fifo_pnl_total,
average_pnl_total, closing_charges_total, last_closed_at)
values (%(n)s, 501, '2026-01-05 15:00:01+00', %(n)s, 'USD', 0, 0, 0, 1.00, 0, 0, 0, 0, 0, null),
(%(n)s, 501, '2026-01-05 15:00:02+00', %(n)s + 1, 'USD', 3, 0.75, 0.60, 1.00, 1, 3, 0.75, 0.60, 1.00,
'2026-01-05 15:00:02+00');
insert into marts.portfolio_history (portfolio_id, value_day, base_currency, account_count, cash,
equity, long_exposure, short_exposure, gross_exposure, net_exposure, external_flow, day_change,
daily_return, twr)
values (%(n)s, '2026-01-02', 'USD', 1, 900, 1000, 100, 0, 100, 100, 1000, 0, 0, 0),
(%(n)s, '2026-01-05', 'USD', 1, 900, 1100, 200, 0, 200, 200, 0, 100, 0.1, 0.1),
(%(n)s, '2026-01-06', 'USD', 1, 1900, 2200, 300, 0, 300, 300, 1000, 100, 0.047619047619047616, 0.15);
insert into marts.portfolio_risk (portfolio_id, portfolio_name, base_currency, equity, return_count,
sharpe, var_95)
values (%(n)s, %(mark)s, 'USD', 2200, 3, 1.5, -0.02);
insert into marts.strategy_performance (account_id, strategy_id, currency, first_day, last_day,
trade_count, closing_count, win_count, loss_count, gross_profit, gross_loss, fifo_pnl, average_pnl,
charges, net_pnl, win_rate)
values (%(n)s, 601, 'USD', '2026-01-05', '2026-01-05', 2, 1, 1, 0, 0.75, 0, 0.75, 0.60, 2, -1.25, 1);
insert into marts.portfolio_summary (portfolio_id, portfolio_name, base_currency, equity, total_pnl)
values (%(n)s, %(mark)s, 'USD', 2200, 200);
insert into marts.portfolio_exposure (portfolio_id, dimension, bucket, position_count, long_exposure,
short_exposure, gross_exposure, net_exposure, gross_weight)
values (%(n)s, 'currency', 'USD', 1, 300, 0, 300, 300, 1),
(%(n)s, 'sector', %(mark)s, 1, 300, 0, 300, 300, 1);
insert into marts.execution_quality (account_id, instrument_id, period_start, currency, order_count,
filled_count, cancelled_count, rejected_count, fill_count, notional, charges, arrival_notional,
arrival_cost, market_notional, market_cost, missed_notional, missed_cost, shortfall, fees_bps)
values (%(n)s, 501, '2026-01-01', 'USD', 1, 1, 0, 0, 2, 134, 2, 0, 0, 0, 0, 0, 0, 0, 149.25);
"""
