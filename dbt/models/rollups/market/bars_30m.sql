{{
    config(
        time_column='bar_at',
        grain=['instrument_id', 'bar_at'],
        bucket='30 minutes',
        scope_key='instrument_id',
        partition_interval='1 year'
    )
}}

with

bars_15m as (

    select * from {{ ref('bars_15m') }}
    where {{ in_scope('bar_at', 'instrument_id') }}

),

final as (

    {{ merge_bars('bars_15m', interval_start('30 minutes')) }}

)

select * from final
