-- Which orders does the source know under these numbers?
-- One row per order found; KEY SHARE keeps each until the load commits.
select
    o.external_id as name,
    o.account_id,
    o.order_id as key
from trading.orders as o
inner join unnest(%(names)s::text[], %(account_id)s::bigint[]) as n (external_id, account_id)
    on o.account_id = n.account_id and o.external_id = n.external_id
where o.source_id = %(source_id)s
for key share of o;
