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

    {{ members_with_currencies() }}

),

history as (

    select distinct on (portfolio_id) *
    from {{ ref('portfolio_history') }}
    order by portfolio_id asc, value_day desc

),

valued as (

    {{ newest_values('members') }}

),

worth as (

    select
        portfolio_id,
        count(*) as account_count,
        max(value_day) as value_day,
        sum(position_count)::bigint as position_count,
        sum(unmarked_count)::bigint as unmarked_count,
        sum(unconverted_count)::bigint + count(*) - count(rate) as unconverted_count,
        sum(cash * rate) as cash,
        sum(market_value * rate) as market_value,
        sum(long_exposure * rate) as long_exposure,
        sum(short_exposure * rate) as short_exposure
    from valued
    group by portfolio_id

),

pnl as (

    select
        members.portfolio_id,
        sum(positions.realized_pnl_base * members.latest_rate) as realized_pnl,
        sum(positions.unrealized_pnl_base * members.latest_rate) as unrealized_pnl
    from members
    inner join {{ ref('portfolio_positions') }} as positions on members.account_id = positions.account_id
    group by members.portfolio_id

),

earned as (

    {{ earned_and_charged('members') }}

),

final as (

    select
        portfolios.portfolio_id,
        portfolios.portfolio_name,
        portfolios.base_currency,
        worth.account_count,
        worth.value_day,
        worth.position_count,
        worth.unmarked_count,
        worth.unconverted_count,
        worth.cash,
        worth.market_value,
        worth.cash + worth.market_value as equity,
        worth.long_exposure,
        worth.short_exposure,
        worth.long_exposure + worth.short_exposure as gross_exposure,
        worth.long_exposure - worth.short_exposure as net_exposure,
        history.value_day as session_day,
        history.day_change,
        history.daily_return,
        history.twr,
        coalesce(pnl.realized_pnl, 0) as realized_pnl,
        coalesce(pnl.unrealized_pnl, 0) as unrealized_pnl,
        coalesce(pnl.realized_pnl, 0) + coalesce(pnl.unrealized_pnl, 0) as total_pnl,
        coalesce(earned.income, 0) as income,
        coalesce(earned.charges, 0) as charges
    from portfolios
    inner join worth on portfolios.portfolio_id = worth.portfolio_id
    left join history on portfolios.portfolio_id = history.portfolio_id
    left join pnl on portfolios.portfolio_id = pnl.portfolio_id
    left join earned on portfolios.portfolio_id = earned.portfolio_id

)

select * from final
