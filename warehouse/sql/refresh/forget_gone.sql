-- Which rollups and materialized views of the registry are no more?
-- One row per relation, forgotten; a rollup that is gone would hold up the retirement of partitions.
with rollups as (
    delete from ops.rollups
    where to_regclass(relation) is null
    returning relation
),

matviews as (
    delete from ops.matviews
    where to_regclass(relation) is null
    returning relation
),

gone as (
    select relation from rollups
    union all
    select relation from matviews
),

generations as (
    delete from ops.generations
    where relation in (select gone.relation from gone)
)

select relation
from gone
order by relation;
