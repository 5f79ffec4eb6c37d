-- Which orders does the source know under these numbers?
-- One row per order found; KEY SHARE keeps each until the load commits.
select
    o.account_id,
    o.external_id,
    o.order_id
from trading.orders as o
inner join unnest(%(account_ids)s::bigint[], %(external_ids)s::text[]) as n (account_id, external_id)
    on o.account_id = n.account_id and o.external_id = n.external_id
where o.source_id = %(source_id)s
for key share of o;
