{{
    config(
        indexes=[
            {'columns': ['instrument_id'], 'unique': true},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

technical_indicators as (

    select * from {{ ref('technical_indicators') }}

),

final as (

    select
        instruments.instrument_id,
        instruments.symbol,
        instruments.asset_type,
        newest.indicator_day,
        newest.adjusted_close,
        newest.volume,
        newest.sma_20,
        newest.sma_50,
        newest.sma_200,
        newest.ema_12,
        newest.ema_26,
        newest.ema_50,
        newest.rsi_14,
        newest.macd_line,
        newest.macd_signal,
        newest.macd_histogram,
        newest.bollinger_upper,
        newest.bollinger_middle,
        newest.bollinger_lower,
        newest.bollinger_position,
        newest.bollinger_width,
        newest.volatility_20,
        newest.price_change_1d,
        newest.price_change_5d,
        newest.price_change_30d,
        newest.average_volume_20
    from instruments
    cross join lateral (
        select technical_indicators.*
        from technical_indicators
        where technical_indicators.instrument_id = instruments.instrument_id
        order by technical_indicators.indicator_day desc
        limit 1
    ) as newest

)

select * from final
