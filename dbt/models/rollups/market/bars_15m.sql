{{
    config(
        time_column='bar_at',
        grain=['instrument_id', 'bar_at'],
        bucket='15 minutes',
        scope_key='instrument_id',
        partition_interval='1 month'
    )
}}

with

bars_5m as (

    select * from {{ ref('bars_5m') }}
    where {{ in_scope('bar_at', 'instrument_id') }}

),

final as (

    {{ merge_bars('bars_5m', interval_start('15 minutes')) }}

)

select * from final
