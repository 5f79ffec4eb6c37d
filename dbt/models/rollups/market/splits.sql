{{
    config(
        time_column='effective_day',
        grain=['instrument_id', 'effective_day'],
        bucket='all_time',
        dimensions=['reference.sources']
    )
}}

with

told as (

    select * from {{ ref('stg_market__splits') }}

),

-- A split that was announced comes into force with the first trade or mark of its day or a later one.
known as (

    select max(flow_day) as known_day
    from {{ ref('trade_flows_daily') }}

    union all

    select max(mark_day) as known_day
    from {{ ref('marks_daily') }}

),

final as (

    select
        told.instrument_id,
        told.effective_day,
        told.ratio
    from told
    where told.effective_day <= (select max(known.known_day) from known)

)

select * from final
