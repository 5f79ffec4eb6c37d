-- Which partitions do these tables have, and what are their bounds?
-- One row per partition, a default one without bounds; an end that is open is null.
select
    p.parent,
    c.relname as name,
    i.inhdetachpending as pending,
    b.bound = 'DEFAULT' as is_default,
    (regexp_match(b.bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz as starts_at,
    (regexp_match(b.bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends_at
from unnest(%(parents)s::text[]) as p (parent)
inner join pg_catalog.pg_inherits as i on i.inhparent = to_regclass(p.parent)
inner join pg_catalog.pg_class as c on i.inhrelid = c.oid
cross join lateral (select pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound) as b
order by p.parent, starts_at nulls first;
