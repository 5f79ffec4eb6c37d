{{
    config(
        time_column='entry_day',
        grain=['account_id', 'currency', 'kind', 'entry_day'],
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

trade_flows as (

    select * from {{ ref('trade_flows_daily') }}
    where {{ in_scope_days('flow_day', 'account_id') }}

),

items as (

    select * from {{ ref('stg_trading__transaction_items') }}
    where {{ in_scope('transaction_at', 'account_id') }}

),

-- Whose cash comes with a trade or a flow is counted there, as in cash_daily.
booked as (

    select
        transactions.*,
        (transactions.transaction_at at time zone 'UTC')::date as entry_day,
        transactions.transaction_type <> 'trade'
        and num_nonnulls(transactions.trade_id, transactions.cash_flow_id) = 0 as is_counted,
        items.cost,
        items.fee_type,
        instruments.asset_type <> 'currency' as is_security
    from {{ ref('stg_trading__transactions') }} as transactions
    left join items
        on
            transactions.account_id = items.account_id
            and transactions.transaction_at = items.transaction_at
            and transactions.transaction_id = items.transaction_id
    left join instruments on items.instrument_id = instruments.instrument_id
    where
        transactions.status = 'valid'
        and {{ in_scope('transactions.transaction_at', 'transactions.account_id') }}

),

entries as (

    select
        account_id,
        currency,
        entry_day,
        case
            when transaction_type <> 'dividend_or_interest' then 'other'
            when bool_or(is_security) or description ilike '%dividend%' then 'dividend'
            else 'interest'
        end as kind,
        net_amount - coalesce(sum(cost) filter (where fee_type is not null), 0) as amount,
        0 as itemized
    from booked
    where is_counted
    group by transaction_id, account_id, currency, entry_day, transaction_type, description, net_amount

    union all

    select
        account_id,
        currency,
        entry_day,
        fee_type as kind,
        case when is_counted then cost else 0 end as amount,
        cost as itemized
    from booked
    where fee_type is not null

    union all

    select
        trade_flows.account_id,
        instruments.currency,
        trade_flows.flow_day as entry_day,
        charges.kind,
        -charges.amount as amount,
        0 as itemized
    from trade_flows
    inner join instruments on trade_flows.instrument_id = instruments.instrument_id
    cross join
        lateral (values ('commission', trade_flows.commission), ('trade_fees', trade_flows.fees))
            as charges (kind, amount)
    where charges.amount <> 0

),

final as (

    select
        account_id,
        currency,
        kind,
        entry_day,
        sum(amount) as amount,
        sum(itemized) as itemized
    from entries
    group by account_id, currency, kind, entry_day

)

select * from final
