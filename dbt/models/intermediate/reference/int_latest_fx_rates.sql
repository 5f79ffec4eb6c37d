with

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

fx_rates as (

    select * from {{ ref('stg_reference__fx_rates') }}

),

quoted as (

    select distinct on (fx_rates.from_currency, fx_rates.to_currency)
        fx_rates.from_currency,
        fx_rates.to_currency,
        fx_rates.fx_day,
        fx_rates.fx_rate
    from fx_rates
    inner join sources on fx_rates.source_id = sources.source_id
    where sources.is_active
    order by
        fx_rates.from_currency asc,
        fx_rates.to_currency asc,
        sources.priority asc,
        sources.source_id asc,
        fx_rates.fx_day desc

),

both_ways as (

    select
        from_currency,
        to_currency,
        fx_day,
        fx_rate,
        false as is_inverse
    from quoted

    union all

    select
        to_currency as from_currency,
        from_currency as to_currency,
        fx_day,
        trim_scale(1 / fx_rate) as fx_rate,
        true as is_inverse
    from quoted

),

final as (

    select distinct on (from_currency, to_currency)
        from_currency,
        to_currency,
        fx_day,
        fx_rate
    from both_ways
    order by from_currency, to_currency, is_inverse

)

select * from final
