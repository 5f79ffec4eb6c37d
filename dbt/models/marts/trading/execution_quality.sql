{{
    config(
        materialized='rollup',
        time_column='period_start',
        grain=['account_id', 'instrument_id', 'period_start'],
        bucket='1 month',
        scope_key='account_id',
        partition_interval='1 year',
        indexes=[{'columns': ['account_id', 'period_start', 'instrument_id']}]
    )
}}

with

executions as (

    select * from {{ ref('order_execution_daily') }}
    where {{ in_scope_days('execution_day', 'account_id') }}

),

sums as (

    select
        account_id,
        instrument_id,
        date_trunc('month', execution_day)::date as period_start,
        currency,
        sum(order_count)::bigint as order_count,
        sum(filled_count)::bigint as filled_count,
        sum(cancelled_count)::bigint as cancelled_count,
        sum(rejected_count)::bigint as rejected_count,
        sum(fill_count)::bigint as fill_count,
        sum(notional) as notional,
        sum(charges) as charges,
        sum(arrival_notional) as arrival_notional,
        sum(arrival_cost) as arrival_cost,
        sum(market_notional) as market_notional,
        sum(market_cost) as market_cost,
        sum(missed_notional) as missed_notional,
        sum(missed_cost) as missed_cost,
        sum(arrival_cost) + sum(missed_cost) + sum(arrival_charges) as shortfall
    from executions
    group by account_id, instrument_id, period_start, currency

),

final as (

    select
        account_id,
        instrument_id,
        period_start,
        currency,
        order_count,
        filled_count,
        cancelled_count,
        rejected_count,
        fill_count,
        notional,
        charges,
        arrival_notional,
        arrival_cost,
        market_notional,
        market_cost,
        missed_notional,
        missed_cost,
        shortfall,
        {{ in_basis_points('arrival_cost', 'arrival_notional') }} as arrival_slippage_bps,
        {{ in_basis_points('market_cost', 'market_notional') }} as vwap_slippage_bps,
        {{ in_basis_points('shortfall', '(arrival_notional + missed_notional)') }} as shortfall_bps,
        {{ in_basis_points('charges', 'notional') }} as fees_bps
    from sums

)

select * from final
