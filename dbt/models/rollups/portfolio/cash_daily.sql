{{
    config(
        time_column='cash_day',
        grain=['account_id', 'currency', 'cash_day'],
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year',
        dimensions=['reference.instruments']
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

cash_flows as (

    select * from {{ ref('stg_portfolio__cash_flows') }}
    where {{ in_scope('flow_at', 'account_id') }}

),

trade_flows as (

    select * from {{ ref('trade_flows_daily') }}
    where {{ in_scope_days('flow_day', 'account_id') }}

),

-- A trade's cash comes with the trade, a mirrored flow's with the flow: neither is counted again.
transactions as (

    select * from {{ ref('stg_trading__transactions') }}
    where
        status = 'valid'
        and transaction_type <> 'trade'
        and trade_id is null
        and cash_flow_id is null
        and {{ in_scope('transaction_at', 'account_id') }}

),

movements as (

    select
        account_id,
        currency,
        (flow_at at time zone 'UTC')::date as cash_day,
        amount as external_flow,
        0 as trade_proceeds,
        0 as other_income
    from cash_flows

    union all

    select
        trade_flows.account_id,
        instruments.currency,
        trade_flows.flow_day as cash_day,
        0 as external_flow,
        (trade_flows.sold_value - trade_flows.bought_value) * instruments.multiplier
        - trade_flows.commission - trade_flows.fees as trade_proceeds,
        0 as other_income
    from trade_flows
    inner join instruments on trade_flows.instrument_id = instruments.instrument_id

    union all

    select
        account_id,
        currency,
        (transaction_at at time zone 'UTC')::date as cash_day,
        0 as external_flow,
        0 as trade_proceeds,
        net_amount as other_income
    from transactions

),

final as (

    select
        account_id,
        currency,
        cash_day,
        sum(external_flow) as external_flow,
        sum(trade_proceeds) as trade_proceeds,
        sum(other_income) as other_income,
        sum(external_flow) + sum(trade_proceeds) + sum(other_income) as cash_change
    from movements
    group by account_id, currency, cash_day

)

select * from final
