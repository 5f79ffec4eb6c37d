{% set look_back = 199 %}
{{
    config(
        time_column='indicator_day',
        grain=['instrument_id', 'indicator_day'],
        scope_mode='forward',
        bucket='exchange_day',
        scope_key='instrument_id',
        look_back=look_back,
        partition_interval='1 year',
        dimensions=['reference.instruments', 'reference.sources', 'reference.trading_days']
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

bar_sources as (

    select * from {{ ref('int_bar_sources') }}

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}

),

bars as (

    select * from {{ ref('stg_market__bars') }}
    where frequency = '1d' and not is_empty and {{ in_scope('bar_at', 'instrument_id', margin='1 day') }}

),

-- A market that never closes has days in UTC.
dated as (

    select distinct on (bars.instrument_id, indicator_day)
        bars.instrument_id,
        bars.source_id,
        coalesce(session.trading_day, (bars.bar_at at time zone 'UTC')::date) as indicator_day,
        bars.close,
        bars.volume
    from bars
    inner join bar_sources
        on
            bars.instrument_id = bar_sources.instrument_id
            and bars.frequency = bar_sources.frequency
            and bars.source_id = bar_sources.source_id
    inner join instruments on bars.instrument_id = instruments.instrument_id
    {{ session_of('instruments.exchange', 'bars.bar_at') }}
    order by bars.instrument_id asc, indicator_day asc, bars.bar_at desc

),

series as (

    select
        dated.instrument_id,
        array_agg(dated.indicator_day order by dated.indicator_day) as days,
        array_agg(coalesce(daily_marks.adjusted_close, dated.close) order by dated.indicator_day) as closes,
        array_agg(dated.volume order by dated.indicator_day) as volumes
    from dated
    left join daily_marks
        on
            dated.instrument_id = daily_marks.instrument_id
            and dated.indicator_day = daily_marks.mark_day
            and dated.source_id = daily_marks.source_id
    where {{ in_scope_days('dated.indicator_day') }}
    group by dated.instrument_id

),

final as (

    select
        series.instrument_id,
        figures.day as indicator_day,
        figures.close as adjusted_close,
        figures.volume,
        figures.sma_20,
        figures.sma_50,
        figures.sma_200,
        figures.ema_12,
        figures.ema_26,
        figures.ema_50,
        figures.rsi_14,
        figures.macd_line,
        figures.macd_signal,
        figures.macd_histogram,
        figures.bollinger_upper,
        figures.bollinger_middle,
        figures.bollinger_lower,
        figures.bollinger_position,
        figures.bollinger_width,
        figures.volatility_20,
        figures.price_change_1d,
        figures.price_change_5d,
        figures.price_change_30d,
        figures.average_volume_20,
        figures.smoothing
    from series
    {{ indicators_before('series.instrument_id', look_back) }}
    cross join lateral market.technical_indicators(
        before.days || series.days, before.closes || series.closes, before.volumes || series.volumes,
        before.smoothing, coalesce(cardinality(before.days), 0)
    ) as figures

)

select * from final
