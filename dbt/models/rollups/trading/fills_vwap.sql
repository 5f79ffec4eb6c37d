{{
    config(
        time_column='fill_day',
        grain=['account_id', 'order_id', 'instrument_id', 'side', 'fill_day'],
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year'
    )
}}

with

trades as (

    select * from {{ ref('stg_trading__effective_trades') }}
    where order_id is not null and {{ in_scope('executed_at', 'account_id') }}

),

market_days as (

    select * from {{ ref('market_days') }}
    where {{ in_scope_days('market_day') }}

),

fills as (

    select
        account_id,
        order_id,
        instrument_id,
        side,
        (executed_at at time zone 'UTC')::date as fill_day,
        count(*) as fill_count,
        sum(quantity) as quantity,
        sum(quantity * price) as value,
        sum(commission) as commission,
        sum(fees) as fees,
        min(executed_at) as first_fill_at,
        max(executed_at) as last_fill_at
    from trades
    group by account_id, order_id, instrument_id, side, fill_day

),

final as (

    select
        fills.account_id,
        fills.order_id,
        fills.instrument_id,
        fills.side,
        fills.fill_day,
        fills.fill_count,
        fills.quantity,
        fills.value,
        round(fills.value / fills.quantity, 10) as vwap,
        fills.commission,
        fills.fees,
        fills.first_fill_at,
        fills.last_fill_at,
        market_days.market_vwap,
        market_days.frequency as bar_frequency
    from fills
    left join market_days
        on fills.instrument_id = market_days.instrument_id and fills.fill_day = market_days.market_day

)

select * from final
