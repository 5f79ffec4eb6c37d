-- Which options are as far from their end, as sensitive, as open and as volatile as asked for?
-- One row per contract with a quote, by symbol, from after after_osi_symbol.
create function api.option_scan(
    key_id bigint,
    underlying_id bigint default null,
    put_call text default null,
    min_days bigint default null,
    max_days bigint default null,
    min_delta double precision default null,
    max_delta double precision default null,
    min_open_interest numeric default null,
    min_volume numeric default null,
    min_volatility double precision default null,
    max_volatility double precision default null,
    after_osi_symbol text default null,
    page_size bigint default null
)
returns table (
    osi_symbol text,
    option_contract_id bigint,
    underlying_id bigint,
    underlying_symbol text,
    put_call text,
    strike numeric,
    expiration_date date,
    days_to_expiration integer,
    multiplier numeric,
    source_name text,
    snapshot_at timestamp with time zone,
    underlying_price numeric,
    is_in_the_money boolean,
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
    rho double precision,
    time_value numeric,
    intrinsic_value numeric,
    theoretical_value numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.osi_symbol,
    m.option_contract_id,
    m.underlying_id,
    m.underlying_symbol,
    m.put_call,
    m.strike,
    m.expiration_date,
    m.days_to_expiration,
    m.multiplier,
    m.source_name,
    m.snapshot_at,
    m.underlying_price,
    m.is_in_the_money,
    m.bid,
    m.ask,
    m.last,
    m.mark,
    m.total_volume,
    m.open_interest,
    m.volatility,
    m.delta,
    m.gamma,
    m.theta,
    m.vega,
    m.rho,
    m.time_value,
    m.intrinsic_value,
    m.theoretical_value
from marts.option_chain_latest as m
where
    ops.key_may(option_scan.key_id, 'read')
    and (option_scan.underlying_id is null or m.underlying_id = option_scan.underlying_id)
    and (option_scan.put_call is null or m.put_call = option_scan.put_call)
    and (min_days is null or m.days_to_expiration >= min_days)
    and (max_days is null or m.days_to_expiration <= max_days)
    and (min_delta is null or m.delta >= min_delta)
    and (max_delta is null or m.delta <= max_delta)
    and (min_open_interest is null or m.open_interest >= min_open_interest)
    and (min_volume is null or m.total_volume >= min_volume)
    and (min_volatility is null or m.volatility >= min_volatility)
    and (max_volatility is null or m.volatility <= max_volatility)
    and (after_osi_symbol is null or m.osi_symbol > after_osi_symbol)
order by m.osi_symbol
limit page_size
$$;
