{{
    config(
        materialized='rollup',
        time_column='period_start',
        grain=['account_id', 'currency', 'kind', 'period_start'],
        bucket='1 month',
        scope_key='account_id'
    )
}}

with

entries as (

    select * from {{ ref('income_fees_daily') }}
    where {{ in_scope_days('entry_day', 'account_id') }}

),

final as (

    select
        account_id,
        currency,
        kind,
        date_trunc('month', entry_day)::date as period_start,
        sum(amount) as amount,
        sum(itemized) as itemized
    from entries
    group by account_id, currency, kind, period_start

)

select * from final
