{{
    config(
        time_column='bar_at',
        grain=['instrument_id', 'bar_at'],
        bucket='5 minutes',
        scope_key='instrument_id',
        partition_interval='1 month'
    )
}}

with

bar_sources as (

    select * from {{ ref('bar_sources') }}

),

minutes as (

    select * from {{ ref('stg_market__bars') }}
    where frequency = '1m' and not is_empty and {{ in_scope('bar_at', 'instrument_id') }}

),

chosen as (

    select
        minutes.*,
        1 as minute_count
    from minutes
    inner join bar_sources
        on
            minutes.instrument_id = bar_sources.instrument_id
            and minutes.frequency = bar_sources.frequency
            and minutes.source_id = bar_sources.source_id

),

final as (

    {{ merge_bars('chosen', interval_start('5 minutes')) }}

)

select * from final
