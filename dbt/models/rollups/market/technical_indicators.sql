{% set look_back = 199 %}
{{
    config(
        time_column='indicator_day',
        grain=['instrument_id', 'indicator_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='instrument_id',
        look_back=look_back,
        partition_interval='1 year'
    )
}}

with

series as (

    select
        instrument_id,
        array_agg(bar_day order by bar_day) as days,
        array_agg(adjusted_close order by bar_day) as closes,
        array_agg(volume order by bar_day) as volumes
    from {{ ref('bars_1d') }}
    where {{ in_scope_days('bar_day', 'instrument_id') }}
    group by instrument_id

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
