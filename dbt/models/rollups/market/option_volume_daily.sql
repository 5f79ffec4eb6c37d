{{
    config(
        time_column='volume_day',
        grain=['instrument_id', 'source_id', 'volume_day', 'expiration_date'],
        bucket='exchange_day',
        scope_key='instrument_id',
        partition_interval='1 year',
        dimensions=['market.option_contracts', 'reference.instruments']
    )
}}

with

contracts as (

    select * from {{ ref('stg_market__option_contracts') }}

),

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

trading_days as (

    select * from {{ ref('stg_reference__trading_days') }}

),

option_quotes_daily as (

    select * from {{ ref('option_quotes_daily') }}
    where {{ in_scope_days('quote_day', 'instrument_id') }}

),

-- Until a session opens, quotes repeat the volume of the one before.
in_session as (

    select
        option_quotes_daily.*,
        contracts.put_call = 'call' as is_call
    from option_quotes_daily
    inner join contracts on option_quotes_daily.option_contract_id = contracts.option_contract_id
    inner join instruments on option_quotes_daily.instrument_id = instruments.instrument_id
    left join trading_days
        on
            instruments.exchange = trading_days.exchange
            and option_quotes_daily.quote_day = trading_days.trading_day
    {{ session_around('instruments.exchange', 'option_quotes_daily.snapshot_at') }}
    where option_quotes_daily.snapshot_at >= trading_days.opens_at or not session.is_known

),

final as (

    select
        instrument_id,
        source_id,
        quote_day as volume_day,
        expiration_date,
        count(*) as contract_count,
        coalesce(sum(total_volume) filter (where is_call), 0) as call_volume,
        coalesce(sum(total_volume) filter (where not is_call), 0) as put_volume,
        coalesce(sum(open_interest) filter (where is_call), 0) as call_open_interest,
        coalesce(sum(open_interest) filter (where not is_call), 0) as put_open_interest
    from in_session
    group by instrument_id, source_id, quote_day, expiration_date

)

select * from final
