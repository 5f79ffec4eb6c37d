-- Which positions stand elsewhere now? Brings them to what the stage says.
-- Touches one row per staged position; ROW EXCLUSIVE on trading.positions.
update trading.positions as p
set
    quantity = s.quantity,
    average_price = s.average_price,
    realized_pnl = s.realized_pnl,
    last_trade_at = s.last_trade_at,
    version = s.version,
    updated_at = s.updated_at
from demo_positions as s
where
    p.account_id = s.account_id
    and p.instrument_id = s.instrument_id;
