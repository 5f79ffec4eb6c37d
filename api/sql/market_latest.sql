-- What are instruments worth now, by their newest bar?
-- One row per instrument with a bar, by key, from after after_instrument_id.
create function api.market_latest(
    key_id bigint,
    instrument_id bigint[] default null,
    symbol text[] default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    instrument_id bigint,
    symbol text,
    asset_type text,
    exchange text,
    currency text,
    source_name text,
    bar_day date,
    last_bar_at timestamp with time zone,
    open numeric,
    high numeric,
    low numeric,
    price numeric,
    volume numeric,
    previous_close numeric,
    price_change numeric,
    price_change_pct double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.instrument_id,
    m.symbol,
    m.asset_type,
    m.exchange,
    m.currency,
    m.source_name,
    m.bar_day,
    m.last_bar_at,
    m.open,
    m.high,
    m.low,
    m.price,
    m.volume,
    m.previous_close,
    m.price_change,
    m.price_change_pct
from marts.market_latest as m
where
    ops.key_may(market_latest.key_id, 'read')
    and (market_latest.instrument_id is null or m.instrument_id = any(market_latest.instrument_id))
    and (market_latest.symbol is null or m.symbol = any(market_latest.symbol))
    and (after_instrument_id is null or m.instrument_id > after_instrument_id)
order by m.instrument_id
limit page_size
$$;
