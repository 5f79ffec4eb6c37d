-- Three rollups in a schema of their own: flows by day, over them totals by month, and what is held.
create schema rolled authorization warehouse_build;
set role warehouse_build;

create table rolled.flows (
    account_id bigint not null,
    instrument_id bigint not null,
    day date not null,
    trades bigint,
    net_quantity numeric
);

create view rolled.flows_logic as
select
    t.account_id,
    t.instrument_id,
    (t.executed_at at time zone 'UTC')::date as day,
    count(*) as trades,
    sum(case t.side when 'buy' then t.quantity else -t.quantity end) as net_quantity
from trading.effective_trades as t
where
    t.executed_at >= ops.scope_from()
    and t.executed_at < ops.scope_to()
    and (ops.scope_keys() is null or t.account_id = any(ops.scope_keys()))
group by 1, 2, 3;

create table rolled.totals (
    account_id bigint not null,
    month date not null,
    trades numeric
) partition by range (month);

create view rolled.totals_logic as
select
    f.account_id,
    date_trunc('month', f.day)::date as month,
    sum(f.trades) as trades
from rolled.flows as f
where
    f.day >= (ops.scope_from() at time zone 'UTC')::date
    and f.day < (ops.scope_to() at time zone 'UTC')::date
    and (ops.scope_keys() is null or f.account_id = any(ops.scope_keys()))
group by 1, 2;

create table rolled.holdings (
    account_id bigint not null,
    instrument_id bigint not null,
    day date not null,
    quantity numeric
);

create view rolled.holdings_logic as
select
    f.account_id,
    f.instrument_id,
    f.day,
    coalesce(o.quantity, 0)
    + sum(f.net_quantity) over (partition by f.account_id, f.instrument_id order by f.day) as quantity
from rolled.flows as f
left join lateral (
    select h.quantity
    from rolled.holdings as h
    where
        h.account_id = f.account_id
        and h.instrument_id = f.instrument_id
        and h.day < (ops.scope_from() at time zone 'UTC')::date
    order by h.day desc
    limit 1
) as o on true
where
    f.day >= (ops.scope_from() at time zone 'UTC')::date
    and f.day < (ops.scope_to() at time zone 'UTC')::date
    and (ops.scope_keys() is null or f.account_id = any(ops.scope_keys()));

create table rolled.newest (
    instrument_id bigint not null,
    executed_at timestamptz not null,
    price numeric
);

create view rolled.newest_logic as
select
    i.instrument_id,
    t.executed_at,
    t.price
from reference.instruments as i
cross join lateral (
    select
        e.executed_at,
        e.price
    from trading.effective_trades as e
    where e.instrument_id = i.instrument_id
    order by e.executed_at desc, e.trade_id desc
    limit 1
) as t
where ops.scope_keys() is null or i.instrument_id = any(ops.scope_keys());

select
    ops.declare_rollup(
        'rolled.flows', 'rolled.flows_logic', 'day', '{account_id,instrument_id,day}', 'window', 'prod',
        bucket => '1 day', scope_key => 'account_id'
    ),
    ops.declare_rollup(
        'rolled.totals', 'rolled.totals_logic', 'month', '{account_id,month}', 'window', 'prod',
        bucket => '1 month', scope_key => 'account_id', partition_interval => '1 year'
    ),
    ops.declare_rollup(
        'rolled.holdings', 'rolled.holdings_logic', 'day', '{account_id,instrument_id,day}', 'forward', 'prod',
        bucket => '1 day', scope_key => 'account_id'
    ),
    ops.declare_rollup(
        'rolled.newest', 'rolled.newest_logic', 'executed_at', '{instrument_id}', 'window', 'prod',
        bucket => 'all_time', scope_key => 'instrument_id', dimensions => '{reference.instruments}'
    );

select
    ops.refresh_rollup('rolled.flows'), ops.refresh_rollup('rolled.totals'),
    ops.refresh_rollup('rolled.holdings'), ops.refresh_rollup('rolled.newest');

reset role;
