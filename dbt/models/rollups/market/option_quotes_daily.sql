{{
    config(
        time_column='quote_day',
        grain=['instrument_id', 'source_id', 'quote_day', 'option_contract_id'],
        bucket='1 day',
        scope_key='instrument_id',
        partition_interval='1 month',
        dimensions=['market.option_contracts']
    )
}}

with

contracts as (

    select * from {{ ref('stg_market__option_contracts') }}
    where {{ in_scope_keys('underlying_id') }}

),

quotes as (

    select * from {{ ref('stg_market__option_quotes') }}
    where {{ in_scope('snapshot_at') }}

),

chains as (

    select * from {{ ref('stg_market__option_chains') }}
    where {{ in_scope('snapshot_at', 'underlying_id') }}

),

newest as (

    select distinct on (quotes.option_contract_id, quotes.source_id, quote_day)
        quotes.*,
        (quotes.snapshot_at at time zone 'UTC')::date as quote_day
    from quotes
    order by
        quotes.option_contract_id asc,
        quotes.source_id asc,
        quote_day asc,
        quotes.snapshot_at desc

),

final as (

    select
        contracts.underlying_id as instrument_id,
        newest.source_id,
        newest.quote_day,
        newest.option_contract_id,
        newest.expiration_date,
        newest.snapshot_at,
        chains.underlying_price,
        newest.bid,
        newest.ask,
        newest.last,
        newest.mark,
        newest.bid_size,
        newest.ask_size,
        newest.last_size,
        newest.open,
        newest.high,
        newest.low,
        newest.close,
        newest.total_volume,
        newest.open_interest,
        newest.volatility,
        newest.delta,
        newest.gamma,
        newest.theta,
        newest.vega,
        newest.rho,
        newest.time_value,
        newest.intrinsic_value,
        newest.theoretical_value,
        newest.theoretical_volatility
    from newest
    inner join contracts on newest.option_contract_id = contracts.option_contract_id
    left join chains
        on
            contracts.underlying_id = chains.underlying_id
            and newest.expiration_date = chains.expiration_date
            and newest.snapshot_at = chains.snapshot_at
            and newest.source_id = chains.source_id

)

select * from final
