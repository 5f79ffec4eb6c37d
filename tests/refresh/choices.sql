-- Rollups over a choice that is made once for all of time: the newest of each instrument, and what is made of it.
set role warehouse_build;

create table rolled.owners (
    account_id bigint not null,
    instrument_id bigint not null,
    day date not null,
    symbol text,
    newest_at timestamptz,
    high numeric,
    low numeric
);

create view rolled.owners_logic as
select
    f.account_id,
    f.instrument_id,
    f.day,
    i.symbol,
    n.executed_at as newest_at,
    f.net_quantity as high,
    0 as low
from rolled.flows as f
inner join reference.instruments as i on f.instrument_id = i.instrument_id
left join rolled.newest as n on f.instrument_id = n.instrument_id
where
    f.day >= (ops.scope_from() at time zone 'UTC')::date
    and f.day < (ops.scope_to() at time zone 'UTC')::date
    and (ops.scope_keys() is null or f.account_id = any(ops.scope_keys()));

select
    ops.declare_rollup(
        'rolled.owners', 'rolled.owners_logic', 'day', '{account_id,instrument_id,day}', 'window', 'prod',
        bucket => '1 day', scope_key => 'account_id', dimensions => '{reference.instruments,rolled.newest}'
    );

reset role;
