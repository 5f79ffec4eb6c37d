-- Which activities of orders have these numbers?
-- One row per activity found; nobody but maintenance may take one away, so none is locked.
select
    a.external_id as name,
    a.account_id,
    a.order_id,
    a.activity_id as key
from trading.order_activities as a
inner join
    unnest(%(names)s::text[], %(account_id)s::bigint[], %(order_id)s::bigint[])
        as n (external_id, account_id, order_id)
    on
        a.account_id = n.account_id
        and a.order_id = n.order_id
        and a.external_id = n.external_id;
