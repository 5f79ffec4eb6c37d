-- What do the accounts of a portfolio hold, and what is it worth?
-- One row per account and instrument, by both, from after (after_account_hash, after_instrument_id).
create function api.portfolio_positions(
    key_id bigint,
    portfolio bigint,
    asset_type text default null,
    held boolean default null,
    after_account_hash text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    account_hash text,
    instrument_id bigint,
    symbol text,
    asset_type text,
    currency text,
    base_currency text,
    quantity numeric,
    average_price numeric,
    mark_price numeric,
    mark_day date,
    market_value numeric,
    cost_basis numeric,
    unrealized_pnl numeric,
    realized_pnl numeric,
    fx_rate numeric,
    market_value_base numeric,
    unrealized_pnl_base numeric,
    realized_pnl_base numeric,
    last_trade_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    a.account_hash,
    m.instrument_id,
    m.symbol,
    m.asset_type,
    m.currency,
    m.base_currency,
    m.quantity,
    m.average_price,
    m.mark_price,
    m.mark_day,
    m.market_value,
    m.cost_basis,
    m.unrealized_pnl,
    m.realized_pnl,
    m.fx_rate,
    m.market_value_base,
    m.unrealized_pnl_base,
    m.realized_pnl_base,
    m.last_trade_at
from portfolio.portfolio_accounts as h
join reference.accounts as a on a.account_id = h.account_id
join marts.portfolio_positions as m on m.account_id = h.account_id
where
    h.portfolio_id = (
        select v.portfolio_id
        from ops.visible_portfolios(portfolio_positions.key_id) as v
        where v.portfolio_id = portfolio_positions.portfolio
    )
    and (portfolio_positions.asset_type is null or m.asset_type = portfolio_positions.asset_type)
    and (held is null or (m.quantity <> 0) = held)
    and (
        after_account_hash is null
        or (a.account_hash, m.instrument_id) > (after_account_hash, after_instrument_id)
    )
order by a.account_hash, m.instrument_id
limit page_size
$$;
