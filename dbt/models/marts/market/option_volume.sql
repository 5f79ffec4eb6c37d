{{
    config(
        indexes=[
            {'columns': ['underlying_id'], 'unique': true},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

-- All expirations of a day, from each source.
days as (

    select
        instrument_id,
        source_id,
        volume_day,
        sum(contract_count)::bigint as contract_count,
        sum(call_volume) as call_volume,
        sum(put_volume) as put_volume,
        sum(call_open_interest) as call_open_interest,
        sum(put_open_interest) as put_open_interest
    from {{ ref('option_volume_daily') }}
    group by instrument_id, source_id, volume_day

),

-- The 20 days before each, as many as there are.
compared as (

    select
        days.*,
        avg(days.call_volume + days.put_volume) over (
            partition by days.instrument_id, days.source_id
            order by days.volume_day
            rows between 20 preceding and 1 preceding
        )::double precision as average_volume_20
    from days

),

-- The newest day of the first source by priority that has any.
chosen as (

    select distinct on (compared.instrument_id)
        compared.*,
        sources.source_name
    from compared
    inner join sources on compared.source_id = sources.source_id
    where sources.is_active
    order by
        compared.instrument_id asc,
        sources.priority asc,
        sources.source_id asc,
        compared.volume_day desc

),

final as (

    select
        instruments.instrument_id as underlying_id,
        instruments.symbol as underlying_symbol,
        chosen.source_id,
        chosen.source_name,
        chosen.volume_day,
        chosen.contract_count,
        chosen.call_volume,
        chosen.put_volume,
        chosen.call_open_interest,
        chosen.put_open_interest,
        (chosen.put_volume / nullif(chosen.call_volume, 0))::double precision as put_call_ratio,
        (chosen.put_open_interest / nullif(chosen.call_open_interest, 0))::double precision
            as put_call_open_interest_ratio,
        chosen.average_volume_20,
        (chosen.call_volume + chosen.put_volume) / nullif(chosen.average_volume_20, 0) as relative_volume
    from chosen
    inner join instruments on chosen.instrument_id = instruments.instrument_id

)

select * from final
