-- What would a refresh of the rollup run over?
-- One row per scope, none where nothing is pending; keys null = all. Text: the driver knows no infinity.
with due as (
    select
        r as rollup,
        audit.current_snapshot() as upto,
        r.snapshot is null or r.definition_hash <> ops.definition_hash(r.logic_view::regclass) as is_whole
    from ops.rollups as r
    where r.relation = %(relation)s
)

select
    s.scope_from::text as scope_from,
    s.scope_to::text as scope_to,
    s.scope_keys
from due as d
cross join lateral ops.pending_scopes(d.rollup, d.upto) as s
where not d.is_whole
union all
select
    ops.first_whole_bucket(d.rollup)::text as scope_from,
    'infinity' as scope_to,
    null as scope_keys
from due as d
where d.is_whole
order by 1, 2;
