{{
    config(
        time_column='bar_at',
        grain=['instrument_id', 'frequency'],
        bucket='all_time',
        scope_key='instrument_id'
    )
}}

with

bar_sources as (

    select * from {{ ref('bar_sources') }}
    where {{ in_scope_keys('instrument_id') }}

),

bars as (

    select * from {{ ref('stg_market__bars') }}

),

final as (

    select
        bar_sources.instrument_id,
        bar_sources.frequency,
        bar_sources.source_id,
        newest.bar_at,
        newest.open,
        newest.high,
        newest.low,
        newest.close,
        newest.volume,
        newest.previous_close
    from bar_sources
    cross join lateral (
        select bars.*
        from bars
        where
            bars.instrument_id = bar_sources.instrument_id
            and bars.frequency = bar_sources.frequency
            and bars.source_id = bar_sources.source_id
            and not bars.is_empty
        order by bars.bar_at desc
        limit 1
    ) as newest

)

select * from final
