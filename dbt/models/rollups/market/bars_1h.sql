{{
    config(
        time_column='bar_at',
        grain=['instrument_id', 'bar_at'],
        bucket='1 hour',
        scope_key='instrument_id',
        partition_interval='1 year'
    )
}}

with

bars_30m as (

    select * from {{ ref('bars_30m') }}
    where {{ in_scope('bar_at', 'instrument_id') }}

),

final as (

    {{ merge_bars('bars_30m', interval_start('1 hour')) }}

)

select * from final
