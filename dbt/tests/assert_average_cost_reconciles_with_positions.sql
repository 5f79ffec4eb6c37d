with

trades as (

    select * from {{ logic_of(ref('realized_pnl')) }}

),

positions as (

    select * from {{ ref('stg_trading__positions') }}

),

sums as (

    select
        account_id,
        instrument_id,
        sum(average_pnl) as realized_pnl,
        (array_agg(quantity order by executed_at desc, trade_id desc))[1] as quantity,
        (array_agg(average_price order by executed_at desc, trade_id desc))[1] as average_price
    from trades
    group by account_id, instrument_id

)

select
    sums.account_id,
    sums.instrument_id
from sums
left join positions on sums.account_id = positions.account_id and sums.instrument_id = positions.instrument_id
where
    (sums.quantity, sums.average_price, sums.realized_pnl)
    is distinct from (positions.quantity, positions.average_price, positions.realized_pnl)
