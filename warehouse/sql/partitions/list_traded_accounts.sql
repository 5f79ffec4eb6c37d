-- Who traded between two moments?
-- One row per account.
select distinct account_id
from trading.trades
where executed_at >= %(starts_at)s and executed_at < %(ends_at)s
order by account_id;
