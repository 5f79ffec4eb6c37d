{{
    config(
        time_column='source_day',
        grain=['instrument_id', 'frequency', 'source_id', 'source_day'],
        bucket='1 day',
        scope_key='instrument_id',
        partition_interval='1 year'
    )
}}

with

bars as (

    select * from {{ ref('stg_market__bars') }}
    where not is_empty and {{ in_scope('bar_at', 'instrument_id') }}

),

final as (

    select distinct
        instrument_id,
        frequency,
        source_id,
        (bar_at at time zone 'UTC')::date as source_day
    from bars

)

select * from final
