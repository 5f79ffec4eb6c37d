{{
    config(
        indexes=[
            {'columns': ['instrument_id'], 'unique': true},
            {'columns': ['symbol']},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

bars_1d as (

    select * from {{ ref('bars_1d') }}

),

newest_bars as (

    select
        instrument_id,
        max(bar_at) as last_bar_at
    from {{ ref('latest_bar') }}
    group by instrument_id

),

-- What the day before closed at, as if its shares had been those of the day.
days as (

    select
        newest.*,
        trim_scale(round(newest.before_adjusted * newest.close / newest.adjusted_close, 10)) as before_close
    from instruments
    cross join lateral (
        select
            last_two.*,
            lead(last_two.adjusted_close) over (order by last_two.bar_day desc) as before_adjusted
        from (
            select bars_1d.*
            from bars_1d
            where bars_1d.instrument_id = instruments.instrument_id
            order by bars_1d.bar_day desc
            limit 2
        ) as last_two
        order by last_two.bar_day desc
        limit 1
    ) as newest

),

final as (

    select
        instruments.instrument_id,
        instruments.symbol,
        instruments.asset_type,
        instruments.exchange,
        instruments.currency,
        instruments.company_name,
        sources.source_name,
        days.bar_day,
        newest_bars.last_bar_at,
        days.open,
        days.high,
        days.low,
        days.close as price,
        days.volume,
        days.before_close as previous_close,
        days.close - days.before_close as price_change,
        (days.close / days.before_close - 1)::double precision as price_change_pct
    from days
    inner join instruments on days.instrument_id = instruments.instrument_id
    inner join sources on days.source_id = sources.source_id
    left join newest_bars on days.instrument_id = newest_bars.instrument_id

)

select * from final
