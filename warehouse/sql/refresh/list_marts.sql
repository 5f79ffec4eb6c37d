-- Which rollups and materialized views does production have, and what is below each?
-- One row per relation; one of development where it is named.
select
    r.relation,
    'rollup' as kind,
    r.sources as reads
from ops.rollups as r
where
    (r.environment = 'prod' or r.relation = any(%(named)s))
    and to_regclass(r.relation) is not null
union all
select
    m.relation,
    'materialized view' as kind,
    array(
        select u.under::text
        from ops.relations_under(m.relation::regclass) as u
        where u.under <> m.relation::regclass and u.kind <> 'v'
    ) as reads
from (
    select
        n.nspname,
        c.relname,
        format('%%s.%%s', n.nspname, c.relname) as relation
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'm'
) as m
where (m.nspname = 'marts' or m.relation = any(%(named)s)) and m.relname !~ '__(next|previous)$'
order by relation;
