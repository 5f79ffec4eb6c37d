-- What are the newest technical indicators of instruments?
-- One row per instrument that has some, by key, from after after_instrument_id.
create function api.market_indicators(
    key_id bigint,
    instrument_id bigint[] default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    instrument_id bigint,
    symbol text,
    asset_type text,
    indicator_day date,
    adjusted_close numeric,
    volume numeric,
    sma_20 double precision,
    sma_50 double precision,
    sma_200 double precision,
    ema_12 double precision,
    ema_26 double precision,
    ema_50 double precision,
    rsi_14 double precision,
    macd_line double precision,
    macd_signal double precision,
    macd_histogram double precision,
    bollinger_upper double precision,
    bollinger_middle double precision,
    bollinger_lower double precision,
    bollinger_position double precision,
    bollinger_width double precision,
    volatility_20 double precision,
    price_change_1d double precision,
    price_change_5d double precision,
    price_change_30d double precision,
    average_volume_20 double precision
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
    m.indicator_day,
    m.adjusted_close,
    m.volume,
    m.sma_20,
    m.sma_50,
    m.sma_200,
    m.ema_12,
    m.ema_26,
    m.ema_50,
    m.rsi_14,
    m.macd_line,
    m.macd_signal,
    m.macd_histogram,
    m.bollinger_upper,
    m.bollinger_middle,
    m.bollinger_lower,
    m.bollinger_position,
    m.bollinger_width,
    m.volatility_20,
    m.price_change_1d,
    m.price_change_5d,
    m.price_change_30d,
    m.average_volume_20
from marts.technical_indicators_latest as m
where
    ops.key_may(market_indicators.key_id, 'read')
    and (market_indicators.instrument_id is null or m.instrument_id = any(market_indicators.instrument_id))
    and (after_instrument_id is null or m.instrument_id > after_instrument_id)
order by m.instrument_id
limit page_size
$$;
