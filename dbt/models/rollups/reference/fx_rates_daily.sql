{{
    config(
        time_column='fx_day',
        grain=['from_currency', 'to_currency', 'fx_day'],
        bucket='all_time',
        dimensions=['reference.sources']
    )
}}

with

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

fx_rates as (

    select * from {{ ref('stg_reference__fx_rates') }}

),

-- Sources are never mixed, nor the ways a pair is quoted: the first source's own quote, else an inverse.
chosen as (

    select distinct on (least(from_currency, to_currency), greatest(from_currency, to_currency))
        fx_rates.from_currency,
        fx_rates.to_currency,
        fx_rates.source_id
    from fx_rates
    inner join sources on fx_rates.source_id = sources.source_id
    where sources.is_active
    order by
        least(fx_rates.from_currency, fx_rates.to_currency) asc,
        greatest(fx_rates.from_currency, fx_rates.to_currency) asc,
        sources.priority asc,
        sources.source_id asc,
        fx_rates.from_currency asc

),

quoted as (

    select
        fx_rates.from_currency,
        fx_rates.to_currency,
        fx_rates.fx_day,
        fx_rates.fx_rate,
        coalesce(
            lead(fx_rates.fx_day) over (
                partition by fx_rates.from_currency, fx_rates.to_currency order by fx_rates.fx_day
            ),
            'infinity'
        ) as until_day
    from fx_rates
    inner join chosen
        on
            fx_rates.from_currency = chosen.from_currency
            and fx_rates.to_currency = chosen.to_currency
            and fx_rates.source_id = chosen.source_id

),

final as (

    select
        from_currency,
        to_currency,
        fx_day,
        until_day,
        fx_rate
    from quoted

    union all

    select
        to_currency as from_currency,
        from_currency as to_currency,
        fx_day,
        until_day,
        trim_scale(1 / fx_rate) as fx_rate
    from quoted

)

select * from final
