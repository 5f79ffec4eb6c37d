{{
    config(
        indexes=[
            {'columns': ['instrument_id'], 'unique': true},
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

holders as (

    select * from {{ ref('stg_market__institutional_holders') }}

),

-- What all holders reported for a day, from each source, beside the day reported before.
reports as (

    select
        instrument_id,
        source_id,
        date_reported,
        count(*) as holder_count,
        sum(shares) as shares,
        sum(value) as value,
        sum(percent_held::numeric)::double precision as percent_held,
        max(shares) as largest_shares,
        (array_agg(holder_name order by shares desc, holder_name asc))[1] as largest_holder,
        lag(date_reported) over reported as previous_date_reported,
        lag(count(*)) over reported as previous_holder_count,
        lag(sum(shares)) over reported as previous_shares
    from holders
    group by instrument_id, source_id, date_reported
    window reported as (partition by instrument_id, source_id order by date_reported)

),

-- The newest day of the first source by priority that has any.
chosen as (

    select distinct on (reports.instrument_id)
        reports.*,
        sources.source_name
    from reports
    inner join sources on reports.source_id = sources.source_id
    where sources.is_active
    order by
        reports.instrument_id asc,
        sources.priority asc,
        sources.source_id asc,
        reports.date_reported desc

),

final as (

    select
        instruments.instrument_id,
        instruments.symbol,
        instruments.company_name,
        instruments.sector,
        chosen.source_name,
        chosen.date_reported,
        chosen.holder_count,
        chosen.shares,
        chosen.value,
        chosen.percent_held,
        chosen.largest_holder,
        chosen.largest_shares,
        (chosen.largest_shares / nullif(chosen.shares, 0))::double precision as largest_share,
        chosen.previous_date_reported,
        chosen.holder_count - chosen.previous_holder_count as holder_count_change,
        chosen.shares - chosen.previous_shares as shares_change
    from chosen
    inner join instruments on chosen.instrument_id = instruments.instrument_id

)

select * from final
