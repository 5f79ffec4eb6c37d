{{
    config(
        indexes=[
            {'columns': ['account_id', 'instrument_id'], 'unique': true},
        ]
    )
}}

with

positions as (

    select * from {{ ref('stg_trading__positions') }}

),

accounts as (

    select * from {{ ref('stg_reference__accounts') }}

),

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

latest_marks as (

    select * from {{ ref('int_latest_marks') }}

),

latest_fx_rates as (

    select * from {{ ref('int_latest_fx_rates') }}

),

priced as (

    select
        positions.account_id,
        positions.instrument_id,
        instruments.symbol,
        instruments.asset_type,
        instruments.currency,
        accounts.base_currency,
        instruments.multiplier,
        positions.quantity,
        positions.average_price,
        latest_marks.mark_price,
        latest_marks.mark_day,
        positions.realized_pnl,
        latest_fx_rates.fx_day,
        positions.last_trade_at,
        case
            when instruments.currency = accounts.base_currency then 1
            else latest_fx_rates.fx_rate
        end as fx_rate
    from positions
    inner join accounts on positions.account_id = accounts.account_id
    inner join instruments on positions.instrument_id = instruments.instrument_id
    left join latest_marks on positions.instrument_id = latest_marks.instrument_id
    left join latest_fx_rates
        on
            instruments.currency = latest_fx_rates.from_currency
            and accounts.base_currency = latest_fx_rates.to_currency

),

valued as (

    select
        *,
        -- Nothing held is worth nothing, also without a mark.
        case when quantity = 0 then 0 else quantity * mark_price * multiplier end as market_value,
        case when quantity = 0 then 0 else quantity * average_price * multiplier end as cost_basis
    from priced

),

final as (

    select
        account_id,
        instrument_id,
        symbol,
        asset_type,
        currency,
        base_currency,
        multiplier,
        quantity,
        average_price,
        mark_price,
        mark_day,
        market_value,
        cost_basis,
        market_value - cost_basis as unrealized_pnl,
        realized_pnl,
        fx_rate,
        fx_day,
        market_value * fx_rate as market_value_base,
        cost_basis * fx_rate as cost_basis_base,
        (market_value - cost_basis) * fx_rate as unrealized_pnl_base,
        realized_pnl * fx_rate as realized_pnl_base,
        last_trade_at
    from valued

)

select * from final
