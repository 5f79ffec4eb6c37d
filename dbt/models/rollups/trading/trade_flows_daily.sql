{{
    config(
        time_column='flow_day',
        grain=['account_id', 'instrument_id', 'flow_day'],
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 month'
    )
}}

with

trades as (

    select * from {{ ref('stg_trading__effective_trades') }}
    where {{ in_scope('executed_at', 'account_id') }}

),

final as (

    select
        account_id,
        instrument_id,
        (executed_at at time zone 'UTC')::date as flow_day,
        count(*) as trade_count,
        coalesce(sum(quantity) filter (where side = 'buy'), 0) as bought_quantity,
        coalesce(sum(quantity) filter (where side = 'sell'), 0) as sold_quantity,
        coalesce(sum(quantity * price) filter (where side = 'buy'), 0) as bought_value,
        coalesce(sum(quantity * price) filter (where side = 'sell'), 0) as sold_value,
        sum(commission) as commission,
        sum(fees) as fees
    from trades
    group by account_id, instrument_id, flow_day

)

select * from final
