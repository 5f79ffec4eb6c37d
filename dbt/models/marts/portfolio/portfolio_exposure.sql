{{
    config(
        indexes=[
            {'columns': ['portfolio_id', 'dimension', 'bucket'], 'unique': true},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

summaries as (

    select * from {{ ref('portfolio_summary') }}

),

members as (

    {{ members_with_currencies() }}

),

newest as (

    {{ newest_values('members') }}

),

held as (

    select
        newest.portfolio_id,
        newest.account_id,
        newest.value_day,
        newest.rate,
        held.instrument_id,
        held.quantity,
        held.price
    from newest
    inner join {{ ref('holdings_daily') }} as holdings
        on newest.account_id = holdings.account_id and newest.value_day = holdings.value_day
    cross join lateral unnest(holdings.instrument_ids, holdings.quantities, holdings.prices)
        as held (instrument_id, quantity, price)

),

valued as (

    {{ value_holdings('held') }}

),

-- A derivative is in the sector of what it derives from.
placed as (

    select
        valued.portfolio_id,
        valued.value * valued.rate as value,
        places.*
    from valued
    inner join instruments on valued.instrument_id = instruments.instrument_id
    left join instruments as underlyings on instruments.underlying_id = underlyings.instrument_id
    cross join lateral (
        values
        ('sector', coalesce(instruments.sector, underlyings.sector, 'none')),
        ('asset_type', instruments.asset_type),
        ('currency', instruments.currency),
        ('instrument', instruments.instrument_id::text)
    ) as places (dimension, bucket)

),

sums as (

    select
        portfolio_id,
        dimension,
        bucket,
        count(*) as position_count,
        trim_scale(coalesce(sum(greatest(value, 0)), 0)) as long_exposure,
        trim_scale(coalesce(sum(-least(value, 0)), 0)) as short_exposure
    from placed
    group by portfolio_id, dimension, bucket

),

final as (

    select
        sums.portfolio_id,
        sums.dimension,
        sums.bucket,
        sums.position_count,
        sums.long_exposure,
        sums.short_exposure,
        sums.long_exposure + sums.short_exposure as gross_exposure,
        sums.long_exposure - sums.short_exposure as net_exposure,
        ((sums.long_exposure + sums.short_exposure) / nullif(summaries.gross_exposure, 0))::double precision
            as gross_weight,
        (
            (sums.long_exposure - sums.short_exposure)
            / case when summaries.equity > 0 then summaries.equity end
        )::double precision as net_weight
    from sums
    inner join summaries on sums.portfolio_id = summaries.portfolio_id

)

select * from final
