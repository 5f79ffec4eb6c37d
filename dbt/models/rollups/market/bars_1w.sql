{{
    config(
        time_column='bar_day',
        grain=['instrument_id', 'bar_day'],
        bucket='1 week',
        scope_key='instrument_id',
        partition_interval='1 year'
    )
}}

with

days as (

    select
        bars_1d.*,
        bars_1d.bar_day as bar_at,
        1 as day_count
    from {{ ref('bars_1d') }} as bars_1d
    where {{ in_scope_days('bars_1d.bar_day', 'bars_1d.instrument_id') }}

),

final as (

    {{ merge_bars('days', "date_trunc('week', bar_day)::date", name='bar_day', count='day_count') }}

)

select * from final
