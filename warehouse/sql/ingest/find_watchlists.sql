-- Which watchlists of the principals have these names?
-- One row per watchlist found; KEY SHARE keeps each until the load commits.
select
    w.name,
    w.principal_id,
    w.watchlist_id as key
from portfolio.watchlists as w
inner join unnest(%(names)s::text[], %(principal_id)s::bigint[]) as n (name, principal_id)
    on w.principal_id = n.principal_id and w.name = n.name
for key share of w;
