-- Which strategies have these names?
-- One row per strategy found; KEY SHARE keeps each until the load commits.
select
    name,
    strategy_id as key
from reference.strategies
where name = any(%(names)s)
for key share;
