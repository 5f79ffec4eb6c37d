{{
    config(
        materialized='rollup',
        time_column='value_day',
        grain=['portfolio_id', 'value_day'],
        scope_mode='forward',
        bucket='1 day',
        dimensions=['portfolio.portfolios', 'reference.accounts']
    )
}}

with

-- Each with its last session before the scope, which is gone on from.
portfolios as (

    select
        portfolios.portfolio_id,
        portfolios.base_currency,
        newest.*
    from {{ ref('stg_portfolio__portfolios') }} as portfolios
    left join lateral (
        select
            own.value_day as opening_day,
            own.equity as opening_equity,
            own.growth as opening_growth
        from {{ own_rows() }} as own
        where own.portfolio_id = portfolios.portfolio_id and {{ before_scope_days('own.value_day') }}
        order by own.value_day desc
        limit 1
    ) as newest on true

),

sessions as (

    {{ sessions_of_members('portfolios') }}

),

sums as (

    select
        portfolio_id,
        value_day,
        base_currency,
        count(*) as account_count,
        sum(cash * rate) as cash,
        sum(equity * rate) as equity,
        sum(long_exposure * rate) as long_exposure,
        sum(short_exposure * rate) as short_exposure,
        sum(flow * rate) as external_flow,
        null::double precision as opening_growth
    from sessions
    group by portfolio_id, value_day, base_currency

    union all

    select
        portfolio_id,
        opening_day as value_day,
        base_currency,
        0 as account_count,
        0 as cash,
        opening_equity as equity,
        0 as long_exposure,
        0 as short_exposure,
        0 as external_flow,
        opening_growth
    from portfolios
    where opening_day is not null

),

-- Multiplied in the order of the days, so that it comes out the same wherever a run started.
linked as (

    select
        days.*,
        returns.daily_return,
        portfolio.product(coalesce(days.opening_growth, 1 + returns.daily_return)) over (
            partition by days.portfolio_id order by days.value_day
        ) as growth
    from (
        select
            *,
            lag(equity, 1, 0::numeric) over (partition by portfolio_id order by value_day) as previous_equity
        from sums
    ) as days
    cross join lateral (
        select portfolio.daily_return(days.equity, days.previous_equity, days.external_flow) as daily_return
    ) as returns

),

final as (

    select
        portfolio_id,
        value_day,
        base_currency,
        account_count,
        cash,
        equity,
        long_exposure,
        short_exposure,
        long_exposure + short_exposure as gross_exposure,
        long_exposure - short_exposure as net_exposure,
        external_flow,
        equity - previous_equity - external_flow as day_change,
        daily_return,
        growth,
        growth - 1 as twr
    from linked
    where opening_growth is null

)

select * from final
