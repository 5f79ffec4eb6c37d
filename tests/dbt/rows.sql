-- What the desk holds: a long, a short and an unpriced position in dollars, and one seen from euros.
-- One statement a table.
insert into reference.accounts
(account_hash, account_number_encrypted, account_number_digest, display_name, account_type, base_currency)
values
('dollars', '\x01', decode(repeat('01', 32), 'hex'), 'Dollars', 'margin', 'USD'),
('euros', '\x02', decode(repeat('02', 32), 'hex'), 'Euros', 'cash', 'EUR');

insert into reference.sources (name, priority)
values ('first', 1), ('second', 2);

insert into reference.instruments (symbol, asset_type, currency, multiplier, company_name)
values
('ACME', 'equity', 'USD', 1, 'Acme'),
('ACME  270115C00150000', 'option', 'USD', 100, null),
('DARK', 'equity', 'USD', 1, 'Dark Pool');

insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)
values
(1, '2026-01-05', 1, 99, 99),
(1, '2026-01-06', 1, 101.5, 101.5),
(1, '2026-01-07', 2, 500, 500),
(2, '2026-01-06', 2, 3.05, 3.05);

insert into reference.fx_rates (base_currency, quote_currency, day, source_id, rate)
values ('EUR', 'USD', '2026-01-06', 1, 1.25);

insert into trading.positions (account_id, instrument_id, quantity, average_price, realized_pnl)
values
(1, 1, 10, 100.01, -3.5),
(1, 2, -2, 4.1, 0),
(1, 3, 7, 2, 0),
(2, 1, 0.5, 100, 2.5);

insert into market.key_statistics (instrument_id, as_of, source_id, market_cap, beta)
values
(1, '2026-01-05', 1, 900, 1.0),
(1, '2026-01-06', 1, 1000, 1.1),
(1, '2026-01-07', 2, 5000, 9.9),
(3, '2026-01-02', 2, 30, null);
