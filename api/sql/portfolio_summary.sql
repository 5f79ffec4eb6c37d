-- What is a portfolio worth now, how did its last session go, and what has it made?
-- One row; before it was ever valued its figures are null.
create function api.portfolio_summary(
    key_id bigint,
    portfolio bigint
)
returns table (
    portfolio_id bigint,
    base_currency text,
    account_count bigint,
    value_day date,
    position_count bigint,
    unmarked_count bigint,
    unconverted_count bigint,
    cash numeric,
    market_value numeric,
    equity numeric,
    long_exposure numeric,
    short_exposure numeric,
    gross_exposure numeric,
    net_exposure numeric,
    session_day date,
    day_change numeric,
    daily_return double precision,
    twr double precision,
    realized_pnl numeric,
    unrealized_pnl numeric,
    total_pnl numeric,
    income numeric,
    charges numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    v.portfolio_id,
    m.base_currency,
    m.account_count,
    m.value_day,
    m.position_count,
    m.unmarked_count,
    m.unconverted_count,
    m.cash,
    m.market_value,
    m.equity,
    m.long_exposure,
    m.short_exposure,
    m.gross_exposure,
    m.net_exposure,
    m.session_day,
    m.day_change,
    m.daily_return,
    m.twr,
    m.realized_pnl,
    m.unrealized_pnl,
    m.total_pnl,
    m.income,
    m.charges
from ops.visible_portfolios(portfolio_summary.key_id) as v
left join marts.portfolio_summary as m on m.portfolio_id = v.portfolio_id
where v.portfolio_id = portfolio_summary.portfolio
$$;
