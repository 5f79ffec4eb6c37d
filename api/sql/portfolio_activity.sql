-- What did the accounts of a portfolio trade lately?
-- One row per effective trade, newest first, from after (after_executed_at, after_trade_id).
create function api.portfolio_activity(
    key_id bigint,
    portfolio bigint,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_executed_at timestamptz default null,
    after_trade_id bigint default null,
    page_size bigint default null
)
returns table (
    executed_at timestamptz,
    trade_id bigint,
    account_hash text,
    instrument_id bigint,
    symbol text,
    side text,
    quantity numeric,
    price numeric,
    commission numeric,
    fees numeric,
    strategy text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    t.executed_at,
    t.trade_id,
    a.account_hash,
    t.instrument_id,
    i.symbol,
    t.side,
    t.quantity,
    t.price,
    t.commission,
    t.fees,
    s.name
from ops.visible_portfolios(portfolio_activity.key_id) as v
join portfolio.portfolio_accounts as h on h.portfolio_id = v.portfolio_id
join reference.accounts as a on a.account_id = h.account_id
-- A page of each account's own: the first of all accounts are among the first of each.
cross join lateral (
    select n.*
    from trading.effective_trades as n
    where
        n.account_id = h.account_id
        and n.executed_at >= coalesce(from_at, '-infinity')
        and n.executed_at < coalesce(to_at, 'infinity')
        and n.executed_at <= coalesce(after_executed_at, 'infinity')
        and (
            after_executed_at is null
            or (n.executed_at, n.trade_id) < (after_executed_at, after_trade_id)
        )
    order by n.executed_at desc, n.trade_id desc
    limit page_size
) as t
join reference.instruments as i on i.instrument_id = t.instrument_id
left join reference.strategies as s on s.strategy_id = t.strategy_id
where v.portfolio_id = portfolio_activity.portfolio
order by t.executed_at desc, t.trade_id desc
limit page_size
$$;
