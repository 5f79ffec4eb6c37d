-- Which portfolios of the principals have these names?
-- One row per portfolio found; KEY SHARE keeps each until the load commits.
select
    p.name,
    p.principal_id,
    p.portfolio_id as key
from portfolio.portfolios as p
inner join unnest(%(names)s::text[], %(principal_id)s::bigint[]) as n (name, principal_id)
    on p.principal_id = n.principal_id and p.name = n.name
for key share of p;
