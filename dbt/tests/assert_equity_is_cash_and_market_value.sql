with

valued as (

    select * from {{ ref('portfolio_value_daily') }}

)

select
    account_id,
    value_day
from valued
where
    equity <> cash + market_value
    or market_value <> long_exposure - short_exposure
    or net_exposure <> long_exposure - short_exposure
    or gross_exposure <> long_exposure + short_exposure
    or least(long_exposure, short_exposure) < 0
    or equity <> previous_equity + day_change + external_flow
