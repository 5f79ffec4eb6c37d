with

quoted as (

    select
        instrument_id,
        source_id,
        quote_day as volume_day,
        expiration_date,
        count(*) as contract_count,
        coalesce(sum(total_volume), 0) as volume,
        coalesce(sum(open_interest), 0) as open_interest
    from {{ ref('option_quotes_daily') }}
    group by instrument_id, source_id, quote_day, expiration_date

),

volumes as (

    select * from {{ logic_of(ref('option_volume_daily')) }}

)

select
    volumes.instrument_id,
    volumes.source_id,
    volumes.volume_day,
    volumes.expiration_date
from volumes
left join quoted
    on
        volumes.instrument_id = quoted.instrument_id
        and volumes.source_id = quoted.source_id
        and volumes.volume_day = quoted.volume_day
        and volumes.expiration_date = quoted.expiration_date
where
    quoted.contract_count is null
    or volumes.contract_count > quoted.contract_count
    or volumes.contract_count = quoted.contract_count
    and (volumes.call_volume + volumes.put_volume, volumes.call_open_interest + volumes.put_open_interest)
    <> (quoted.volume, quoted.open_interest)
