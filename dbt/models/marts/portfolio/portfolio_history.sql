{{
    config(
        indexes=[
            {'columns': ['portfolio_id', 'value_day'], 'unique': true},
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

accounts as (

    select * from {{ ref('stg_reference__accounts') }}

),

fx_rates as (

    select * from {{ ref('fx_rates_daily') }}

),

valued as (

    select
        *,
        sum(external_flow) over (partition by account_id order by value_day) as flows_so_far
    from {{ ref('portfolio_value_daily') }}

),

sessions as (

    select
        *,
        flows_so_far - lag(flows_so_far, 1, 0::numeric) over w as flow
    from valued
    where is_session
    window w as (partition by account_id order by value_day)

),

converted as (

    select
        members.portfolio_id,
        sessions.*,
        case when accounts.base_currency = portfolios.base_currency then 1 else fx_rates.fx_rate end as rate
    from members
    inner join portfolios on members.portfolio_id = portfolios.portfolio_id
    inner join accounts on members.account_id = accounts.account_id
    inner join sessions on members.account_id = sessions.account_id
    left join fx_rates
        on
            accounts.base_currency = fx_rates.from_currency
            and portfolios.base_currency = fx_rates.to_currency
            and sessions.value_day >= fx_rates.fx_day
            and sessions.value_day < fx_rates.until_day

),

sums as (

    select
        portfolio_id,
        value_day,
        count(*) as account_count,
        sum(cash * rate) as cash,
        sum(equity * rate) as equity,
        sum(long_exposure * rate) as long_exposure,
        sum(short_exposure * rate) as short_exposure,
        sum(flow * rate) as external_flow,
        lag(sum(equity * rate), 1, 0::numeric) over w as previous_equity
    from converted
    group by portfolio_id, value_day
    window w as (partition by portfolio_id order by value_day)

),

final as (

    select
        sums.portfolio_id,
        sums.value_day,
        portfolios.base_currency,
        sums.account_count,
        sums.cash,
        sums.equity,
        sums.long_exposure,
        sums.short_exposure,
        sums.long_exposure + sums.short_exposure as gross_exposure,
        sums.long_exposure - sums.short_exposure as net_exposure,
        sums.external_flow,
        sums.equity - sums.previous_equity - sums.external_flow as day_change,
        returns.daily_return,
        portfolio.product(1 + returns.daily_return) over (
            partition by sums.portfolio_id order by sums.value_day
        ) - 1 as twr
    from sums
    inner join portfolios on sums.portfolio_id = portfolios.portfolio_id
    cross join lateral (
        select portfolio.daily_return(sums.equity, sums.previous_equity, sums.external_flow) as daily_return
    ) as returns

)

select * from final
