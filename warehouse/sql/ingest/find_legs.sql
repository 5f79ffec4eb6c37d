-- Which of these legs do the orders have?
-- One row per leg found; KEY SHARE keeps each until the load commits.
select
    l.leg_no as name,
    l.account_id,
    l.order_id,
    l.leg_no as key
from trading.order_legs as l
inner join
    unnest(%(names)s::integer[], %(account_id)s::bigint[], %(order_id)s::bigint[])
        as n (leg_no, account_id, order_id)
    on l.account_id = n.account_id and l.order_id = n.order_id and l.leg_no = n.leg_no
for key share of l;
