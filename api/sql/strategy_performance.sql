-- What have strategies traded and realized in the accounts that the key may see?
-- One row per account, strategy and currency, by these, from after all three.
create function api.strategy_performance(
    key_id bigint,
    account text default null,
    strategy_id bigint default null,
    after_account_hash text default null,
    after_strategy_id bigint default null,
    after_currency text default null,
    page_size bigint default null
)
returns table (
    account_hash text,
    strategy_id bigint,
    currency text,
    first_day date,
    last_day date,
    trade_count bigint,
    closing_count bigint,
    win_count bigint,
    loss_count bigint,
    gross_profit numeric,
    gross_loss numeric,
    fifo_pnl numeric,
    average_pnl numeric,
    charges numeric,
    net_pnl numeric,
    win_rate double precision,
    profit_factor double precision,
    expectancy double precision,
    held_seconds double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    v.account_hash,
    m.strategy_id,
    m.currency,
    m.first_day,
    m.last_day,
    m.trade_count,
    m.closing_count,
    m.win_count,
    m.loss_count,
    m.gross_profit,
    m.gross_loss,
    m.fifo_pnl,
    m.average_pnl,
    m.charges,
    m.net_pnl,
    m.win_rate,
    m.profit_factor,
    m.expectancy,
    m.held_seconds
from ops.visible_accounts(strategy_performance.key_id) as v
join marts.strategy_performance as m on m.account_id = v.account_id
where
    (strategy_performance.account is null or v.account_hash = strategy_performance.account)
    and (strategy_performance.strategy_id is null or m.strategy_id = strategy_performance.strategy_id)
    and (
        after_account_hash is null
        or (v.account_hash, m.strategy_id, m.currency) > (after_account_hash, after_strategy_id, after_currency)
    )
order by v.account_hash, m.strategy_id, m.currency
limit page_size
$$;
