with

trades as (

    select * from {{ ref('realized_pnl') }}

),

sums as (

    select
        account_id,
        instrument_id,
        sum(fifo_pnl) as fifo_pnl,
        (array_agg(fifo_cost order by executed_at desc, trade_id desc))[1] as open_cost,
        sum(case side when 'buy' then traded_quantity else -traded_quantity end * price * multiplier) as paid
    from trades
    group by account_id, instrument_id

)

-- A price by a split's ratio is rounded at its 20th decimal; without splits nothing is.
select
    account_id,
    instrument_id
from sums
where
    abs(fifo_pnl - (open_cost - paid))
    > case
        when instrument_id in (select splits.instrument_id from {{ ref('splits') }} as splits) then 1e-9
        else 0
    end
