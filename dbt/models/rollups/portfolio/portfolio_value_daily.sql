{{
    config(
        time_column='value_day',
        grain=['account_id', 'value_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year',
        dimensions=['reference.accounts']
    )
}}

with

holdings as (

    select * from {{ ref('holdings_daily') }}
    where {{ in_scope_days('value_day', 'account_id') }}

),

cash as (

    select * from {{ ref('cash_daily') }}
    where {{ in_scope_days('cash_day', 'account_id') }}

),

openings as (

    select
        valued.account_id,
        newest.cash,
        newest.equity
    from (select distinct account_id from holdings) as valued
    cross join lateral (
        {{ newest_own_row('valued.account_id', 'value_day', 'cash, equity') }}
    ) as newest

),

moved as (

    {{ convert_cash('cash') }}

),

balances as (

    select
        holdings.*,
        holdings.unconverted_count + coalesce(moved.unconverted_count, 0) as left_out,
        trim_scale(coalesce(moved.external_flow, 0)) as external_flow,
        trim_scale(coalesce(openings.cash, 0) + sum(coalesce(moved.cash_change, 0)) over w) as cash,
        coalesce(openings.equity, 0) as opening_equity
    from holdings
    left join moved on holdings.account_id = moved.account_id and holdings.value_day = moved.cash_day
    left join openings on holdings.account_id = openings.account_id
    window w as (partition by holdings.account_id order by holdings.value_day)

),

worth as (

    select
        *,
        cash + long_exposure - short_exposure as equity,
        lag(cash + long_exposure - short_exposure, 1, opening_equity) over (
            partition by account_id order by value_day
        ) as previous_equity
    from balances

),

final as (

    select
        account_id,
        value_day,
        is_session,
        cash,
        long_exposure - short_exposure as market_value,
        equity,
        long_exposure,
        short_exposure,
        long_exposure + short_exposure as gross_exposure,
        long_exposure - short_exposure as net_exposure,
        external_flow,
        previous_equity,
        equity - previous_equity - external_flow as day_change,
        (equity - previous_equity - external_flow)::double precision
        / nullif(greatest(previous_equity, 0), 0)::double precision as day_change_pct,
        portfolio.daily_return(equity, previous_equity, external_flow) as daily_return,
        position_count,
        unmarked_count,
        left_out as unconverted_count
    from worth

)

select * from final
