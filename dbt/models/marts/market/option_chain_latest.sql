{{
    config(
        indexes=[
            {'columns': ['option_contract_id'], 'unique': true},
            {'columns': ['underlying_id', 'expiration_date', 'strike', 'osi_symbol']},
            {'columns': ['days_to_expiration', 'delta', 'open_interest', 'volatility']},
            {'columns': ['osi_symbol']},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

contracts as (

    select * from {{ ref('stg_market__option_contracts') }}

),

quotes as (

    select * from {{ ref('latest_option_quote') }}

),

final as (

    select
        contracts.option_contract_id,
        contracts.underlying_id,
        instruments.symbol as underlying_symbol,
        contracts.osi_symbol,
        contracts.put_call,
        contracts.strike,
        contracts.expiration_date,
        contracts.expiration_type,
        contracts.settlement_type,
        contracts.multiplier,
        contracts.is_non_standard,
        sources.source_name,
        quotes.snapshot_at,
        contracts.expiration_date - quotes.quote_day as days_to_expiration,
        quotes.underlying_price,
        case contracts.put_call
            when 'call' then quotes.underlying_price > contracts.strike
            else quotes.underlying_price < contracts.strike
        end as is_in_the_money,
        quotes.bid,
        quotes.ask,
        quotes.last,
        quotes.mark,
        quotes.bid_size,
        quotes.ask_size,
        quotes.last_size,
        quotes.open,
        quotes.high,
        quotes.low,
        quotes.close,
        quotes.total_volume,
        quotes.open_interest,
        quotes.volatility,
        quotes.delta,
        quotes.gamma,
        quotes.theta,
        quotes.vega,
        quotes.rho,
        quotes.time_value,
        quotes.intrinsic_value,
        quotes.theoretical_value,
        quotes.theoretical_volatility
    from quotes
    inner join contracts on quotes.option_contract_id = contracts.option_contract_id
    inner join instruments on contracts.underlying_id = instruments.instrument_id
    inner join sources on quotes.source_id = sources.source_id

)

select * from final
