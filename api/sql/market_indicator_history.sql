-- What were the technical indicators of an instrument, also those of bars that no refresh has seen yet?
-- One row per exchange day from from_day to before to_day, oldest first, from after after_indicator_day.
create function api.market_indicator_history(
    key_id bigint,
    instrument_id bigint,
    from_day date default null,
    to_day date default null,
    after_indicator_day date default null,
    page_size bigint default null
)
returns table (
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
    average_volume_20 double precision,
    is_computed boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
with bounds as (
    select
        greatest(from_day, after_indicator_day + 1, '-infinity') as first_day,
        coalesce(to_day, 'infinity') as end_day
),

newest as (
    select max(n.indicator_day) as day
    from rollups.technical_indicators as n
    where n.instrument_id = market_indicator_history.instrument_id
),

-- A bar belongs to the session that ends next, so one from the newest day's close on is of a later day.
since as (
    select coalesce(
        (
            select d.closes_at
            from reference.instruments as i
            join reference.trading_days as d on d.exchange = i.exchange
            where i.instrument_id = market_indicator_history.instrument_id and d.day = newest.day
        ),
        (newest.day + 1)::timestamp at time zone 'UTC',
        '-infinity'
    ) as at
    from newest
),

-- The source that the stored days are of; bars are looked through only where no refresh has seen any.
chosen as (
    select coalesce(
        (
            select r.source_id
            from rollups.bar_sources as r
            where r.instrument_id = market_indicator_history.instrument_id and r.frequency = '1d'
        ),
        (
            select s.source_id
            from reference.sources as s
            where
                s.is_active
                and exists (
                    select
                    from market.bars as b
                    where
                        b.instrument_id = market_indicator_history.instrument_id
                        and b.frequency = '1d'
                        and b.source_id = s.source_id
                )
            order by s.priority, s.source_id
            limit 1
        )
    ) as source_id
),

-- Days and closes as the rollup takes them.
waiting as (
    select distinct on (f.day)
        f.day,
        coalesce(k.adjusted_close, f.close) as close,
        f.volume
    from (
        select
            b.bar_at, b.source_id, b.close, b.volume,
            coalesce(session.day, (b.bar_at at time zone 'UTC')::date) as day
        from market.bars as b
        left join lateral (
            select d.day
            from reference.instruments as i
            join reference.trading_days as d on d.exchange = i.exchange
            where
                i.instrument_id = b.instrument_id
                and d.day >= (b.bar_at at time zone 'UTC')::date - 1
                and d.closes_at > b.bar_at
            order by d.day
            limit 1
        ) as session on true
        where
            b.instrument_id = market_indicator_history.instrument_id
            and b.frequency = '1d'
            and not b.is_empty
            and b.bar_at >= (select s.at from since as s)
            -- A session may end on the day after its own.
            and b.bar_at < (select (w.end_day + 1)::timestamp at time zone 'UTC' from bounds as w)
            and b.source_id = (select c.source_id from chosen as c)
    ) as f
    left join reference.daily_marks as k
        on
            k.instrument_id = market_indicator_history.instrument_id
            and k.day = f.day
            and k.source_id = f.source_id
    order by f.day, f.bar_at desc
),

series as (
    select
        array_agg(w.day order by w.day) as days,
        array_agg(w.close order by w.day) as closes,
        array_agg(w.volume order by w.day) as volumes
    from waiting as w
),

-- What the averages go on from: the state of the newest stored day, and the days that windows reach back to.
before as (
    select
        array_agg(n.indicator_day order by n.indicator_day) as days,
        array_agg(n.adjusted_close order by n.indicator_day) as closes,
        array_agg(n.volume order by n.indicator_day) as volumes
    from (
        select r.indicator_day, r.adjusted_close, r.volume
        from rollups.technical_indicators as r
        where r.instrument_id = market_indicator_history.instrument_id
        order by r.indicator_day desc
        limit 199
    ) as n
),

stored as (
    select n.*
    from rollups.technical_indicators as n
    where
        n.instrument_id = market_indicator_history.instrument_id
        and n.indicator_day >= (select b.first_day from bounds as b)
        and n.indicator_day < (select b.end_day from bounds as b)
    order by n.indicator_day
    limit page_size
),

computed as (
    select n.*
    from series as s
    cross join before as b
    cross join lateral market.technical_indicators(
        b.days || s.days,
        b.closes || s.closes,
        b.volumes || s.volumes,
        (
            select r.smoothing
            from rollups.technical_indicators as r
            where
                r.instrument_id = market_indicator_history.instrument_id
                and r.indicator_day = (select w.day from newest as w)
        ),
        coalesce(cardinality(b.days), 0)
    ) as n
    where
        s.days is not null
        and n.day >= (select w.first_day from bounds as w)
        and n.day < (select w.end_day from bounds as w)
),

merged as (
    select
        s.indicator_day,
        s.adjusted_close,
        s.volume,
        s.sma_20,
        s.sma_50,
        s.sma_200,
        s.ema_12,
        s.ema_26,
        s.ema_50,
        s.rsi_14,
        s.macd_line,
        s.macd_signal,
        s.macd_histogram,
        s.bollinger_upper,
        s.bollinger_middle,
        s.bollinger_lower,
        s.bollinger_position,
        s.bollinger_width,
        s.volatility_20,
        s.price_change_1d,
        s.price_change_5d,
        s.price_change_30d,
        s.average_volume_20,
        false as is_computed
    from stored as s
    union all
    select
        c.day,
        c.close,
        c.volume,
        c.sma_20,
        c.sma_50,
        c.sma_200,
        c.ema_12,
        c.ema_26,
        c.ema_50,
        c.rsi_14,
        c.macd_line,
        c.macd_signal,
        c.macd_histogram,
        c.bollinger_upper,
        c.bollinger_middle,
        c.bollinger_lower,
        c.bollinger_position,
        c.bollinger_width,
        c.volatility_20,
        c.price_change_1d,
        c.price_change_5d,
        c.price_change_30d,
        c.average_volume_20,
        true
    from computed as c
)

select
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
    m.average_volume_20,
    m.is_computed
from merged as m
where ops.key_may(market_indicator_history.key_id, 'read')
order by m.indicator_day
limit page_size
$$;
