-- Which facts of a kind does the source know under these ids?
-- One row per fact found; nobody but maintenance may take one away, so none is locked.
select
    e.external_id as name,
    e.account_id,
    e.occurred_at,
    e.target_id
from trading.external_ids as e
inner join unnest(%(names)s::text[], %(account_id)s::bigint[]) as n (external_id, account_id)
    on e.account_id = n.account_id and e.external_id = n.external_id
where e.source_id = %(source_id)s and e.kind = %(kind)s;
