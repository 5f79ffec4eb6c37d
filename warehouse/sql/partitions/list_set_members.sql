-- Of which tables does a partitioned set consist, whose are they, and what are their bounds?
-- One row per partition, a default one first; bounds are read from their text, so in a session in UTC.
select
    c.relname as name,
    c.relkind = 'p' as is_cut_further,
    pg_catalog.pg_get_userbyid(c.relowner) as owner,
    h.inhdetachpending as is_pending,
    (regexp_match(b.bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz as starts_at,
    (regexp_match(b.bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends_at,
    b.bound = 'DEFAULT' as is_default
from pg_catalog.pg_inherits as h
inner join pg_catalog.pg_class as c on h.inhrelid = c.oid
cross join lateral (select pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound) as b
where h.inhparent = pg_catalog.to_regclass(%(table)s)
order by b.bound <> 'DEFAULT', starts_at;
