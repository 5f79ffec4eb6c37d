with

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

statuses as (

    select * from {{ ref('stg_ops__instrument_data_status') }}

),

final as (

    select distinct on (statuses.instrument_id, statuses.frequency)
        statuses.instrument_id,
        statuses.frequency,
        statuses.source_id
    from statuses
    inner join sources on statuses.source_id = sources.source_id
    where sources.is_active and statuses.last_at is not null
    order by
        statuses.instrument_id asc,
        statuses.frequency asc,
        sources.priority asc,
        sources.source_id asc

)

select * from final
