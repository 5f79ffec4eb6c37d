{{
    config(
        time_column='snapshot_at',
        grain=['instrument_id', 'option_contract_id'],
        bucket='all_time',
        scope_key='instrument_id',
        dimensions=['market.option_contracts', 'reference.sources']
    )
}}

with

underlyings as (

    select distinct underlying_id as instrument_id
    from {{ ref('stg_market__option_contracts') }}
    where {{ in_scope_keys('underlying_id') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

quote_days as (

    select * from {{ ref('option_quotes_daily') }}

),

-- The first source by priority that has any, and the newest of its days.
chosen as (

    select
        underlyings.instrument_id,
        newest.source_id,
        newest.quote_day
    from underlyings
    cross join lateral (
        {{ newest_from_first_source('quote_days', 'underlyings', key='instrument_id', day='quote_day') }}
    ) as newest

),

-- A contract that nobody has quoted for a week has no price.
final as (

    select recent.*
    from chosen
    cross join lateral (
        select distinct on (quotes.option_contract_id) quotes.*
        from {{ ref('option_quotes_daily') }} as quotes
        where
            quotes.instrument_id = chosen.instrument_id
            and quotes.source_id = chosen.source_id
            and quotes.quote_day between chosen.quote_day - 6 and chosen.quote_day
            and quotes.expiration_date >= chosen.quote_day
        order by quotes.option_contract_id asc, quotes.quote_day desc
    ) as recent

)

select * from final
