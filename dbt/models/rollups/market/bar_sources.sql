{{
    config(
        time_column='first_day',
        grain=['instrument_id', 'frequency'],
        bucket='all_time',
        scope_key='instrument_id',
        dimensions=['reference.sources']
    )
}}

with

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

days as (

    select * from {{ ref('bar_source_days') }}
    where {{ in_scope_keys('instrument_id') }}

),

brought as (

    select
        instrument_id,
        frequency,
        source_id,
        min(source_day) as first_day
    from days
    group by instrument_id, frequency, source_id

),

final as (

    select distinct on (brought.instrument_id, brought.frequency)
        brought.instrument_id,
        brought.frequency,
        brought.source_id,
        brought.first_day
    from brought
    inner join sources on brought.source_id = sources.source_id
    where sources.is_active
    order by
        brought.instrument_id asc,
        brought.frequency asc,
        sources.priority asc,
        sources.source_id asc

)

select * from final
