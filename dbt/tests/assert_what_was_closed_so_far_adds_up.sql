with

trades as (

    select * from {{ ref('realized_pnl') }}

),

sums as (

    select
        *,
        count(*) filter (where closed_quantity > 0) over so_far as closings,
        sum(closed_quantity) over so_far as closed_quantity_so_far,
        sum(fifo_pnl) over so_far as fifo_pnl_so_far,
        sum(average_pnl) over so_far as average_pnl_so_far,
        sum(charges) filter (where closed_quantity > 0) over so_far as closing_charges,
        max(executed_at) filter (where closed_quantity > 0) over so_far as newest_closing
    from trades
    window so_far as (partition by account_id, instrument_id order by executed_at, trade_id)

)

select
    account_id,
    instrument_id,
    executed_at,
    trade_id
from sums
where
    (closing_count, last_closed_at) is distinct from (closings, newest_closing)
    or (closed_quantity_total, closing_charges_total)
    is distinct from (closed_quantity_so_far, coalesce(closing_charges, 0))
    or (fifo_pnl_total, average_pnl_total) is distinct from (fifo_pnl_so_far, average_pnl_so_far)
