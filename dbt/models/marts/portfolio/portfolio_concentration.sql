{{
    config(
        indexes=[
            {'columns': ['portfolio_id'], 'unique': true},
        ]
    )
}}

with

portfolios as (

    select * from {{ ref('stg_portfolio__portfolios') }}

),

members as (

    select * from {{ ref('stg_portfolio__portfolio_accounts') }}

),

positions as (

    select * from {{ ref('portfolio_positions') }}

),

fx_rates as (

    select * from {{ ref('int_latest_fx_rates') }}

),

-- The same instrument in two accounts is one position of the portfolio.
held as (

    select
        members.portfolio_id,
        positions.instrument_id,
        abs(sum(
            positions.market_value_base
            * case when positions.base_currency = portfolios.base_currency then 1 else fx_rates.fx_rate end
        )) as exposure
    from members
    inner join portfolios on members.portfolio_id = portfolios.portfolio_id
    inner join positions on members.account_id = positions.account_id
    left join fx_rates
        on
            positions.base_currency = fx_rates.from_currency
            and portfolios.base_currency = fx_rates.to_currency
    group by members.portfolio_id, positions.instrument_id

),

final as (

    select
        portfolio_id,
        sum(exposure) as gross_exposure,
        (sum(exposure * exposure) / nullif(sum(exposure) ^ 2, 0))::double precision as concentration,
        (max(exposure) / nullif(sum(exposure), 0))::double precision as largest_position
    from held
    group by portfolio_id

)

select * from final
