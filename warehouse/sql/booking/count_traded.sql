-- How much of each leg of an order has traded, corrections and busts counted?
-- One row per leg. Looks from a day before the order was entered, for brokers' clocks differ.
select
    l.leg_no,
    coalesce(sum(t.quantity), 0) as traded
from trading.orders as o
inner join trading.order_legs as l on o.account_id = l.account_id and o.order_id = l.order_id
left join trading.effective_trades as t
    on
        l.account_id = t.account_id
        and l.instrument_id = t.instrument_id
        and l.order_id = t.order_id
        and t.executed_at >= o.entered_at - interval '1 day'
        and (t.side = 'buy') = (l.instruction like 'buy%%')
where
    o.account_id = %(account_id)s
    and o.order_id = %(order_id)s
group by l.leg_no;
