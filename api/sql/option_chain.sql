-- What were the options of one expiration quoted at, at most a week before a moment?
-- One row per contract, by strike and kind, from after (after_strike, after_osi_symbol); none later than at.
create function api.option_chain(
    key_id bigint,
    underlying_id bigint,
    expiration date,
    at timestamptz,
    put_call text default null,
    after_strike numeric default null,
    after_osi_symbol text default null,
    page_size bigint default null
)
returns table (
    strike numeric,
    osi_symbol text,
    put_call text,
    multiplier numeric,
    snapshot_at timestamptz,
    source_name text,
    bid numeric,
    ask numeric,
    last numeric,
    mark numeric,
    total_volume numeric,
    open_interest numeric,
    volatility double precision,
    delta double precision,
    gamma double precision,
    theta double precision,
    vega double precision,
    rho double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
with contracts as (
    select c.*
    from market.option_contracts as c
    where
        ops.key_may(option_chain.key_id, 'read')
        and c.underlying_id = option_chain.underlying_id
        and c.expiration_date = option_chain.expiration
        and (option_chain.put_call is null or c.put_call = option_chain.put_call)
        and (
            after_strike is null
            or (c.strike, c.osi_symbol) > (after_strike, after_osi_symbol)
        )
    order by c.strike, c.osi_symbol
    limit page_size
)

select
    c.strike,
    c.osi_symbol,
    c.put_call,
    c.multiplier,
    q.snapshot_at,
    s.name,
    q.bid,
    q.ask,
    q.last,
    q.mark,
    q.total_volume,
    q.open_interest,
    q.volatility,
    q.delta,
    q.gamma,
    q.theta,
    q.vega,
    q.rho
from contracts as c
left join lateral (
    select n.*
    from market.option_quotes as n
    where
        n.option_contract_id = c.option_contract_id
        and n.snapshot_at <= option_chain.at
        and n.snapshot_at > option_chain.at - interval '7 days'
    order by n.snapshot_at desc, n.source_id
    limit 1
) as q on true
left join reference.sources as s on s.source_id = q.source_id
order by c.strike, c.osi_symbol
$$;
