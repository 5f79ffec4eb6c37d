-- What did an account trade, busts and replaced trades left out?
-- One row per effective trade, newest first, from after (after_executed_at, after_trade_id).
create function api.account_trades(
    key_id bigint,
    account text,
    instrument_id bigint default null,
    side text default null,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_executed_at timestamptz default null,
    after_trade_id bigint default null,
    page_size bigint default null
)
returns table (
    executed_at timestamptz,
    trade_id bigint,
    instrument_id bigint,
    symbol text,
    order_id bigint,
    side text,
    position_effect text,
    trade_type text,
    quantity numeric,
    price numeric,
    commission numeric,
    fees numeric,
    settlement_date date,
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
    t.instrument_id,
    i.symbol,
    t.order_id,
    t.side,
    t.position_effect,
    t.trade_type,
    t.quantity,
    t.price,
    t.commission,
    t.fees,
    t.settlement_date,
    s.name
from trading.effective_trades as t
join reference.instruments as i on i.instrument_id = t.instrument_id
left join reference.strategies as s on s.strategy_id = t.strategy_id
where
    t.account_id = (
        select v.account_id
        from ops.visible_accounts(account_trades.key_id) as v
        where v.account_hash = account_trades.account
    )
    and (account_trades.instrument_id is null or t.instrument_id = account_trades.instrument_id)
    and (account_trades.side is null or t.side = account_trades.side)
    and t.executed_at >= coalesce(from_at, '-infinity')
    and t.executed_at < coalesce(to_at, 'infinity')
    -- The first lets partitions be left out, the second is exact.
    and t.executed_at <= coalesce(after_executed_at, 'infinity')
    and (
        after_executed_at is null
        or (t.executed_at, t.trade_id) < (after_executed_at, after_trade_id)
    )
order by t.executed_at desc, t.trade_id desc
limit page_size
$$;
