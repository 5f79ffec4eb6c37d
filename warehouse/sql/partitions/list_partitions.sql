-- Which partitions has a table, and what are their bounds?
-- One row per partition; needs a session in UTC, for the bounds are read from their text.
select
    c.relname as name,
    (regexp_match(b.bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz as starts_at,
    (regexp_match(b.bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends_at
from pg_catalog.pg_inherits as i
inner join pg_catalog.pg_class as c on i.inhrelid = c.oid
cross join lateral (select pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound) as b
where i.inhparent = %(parent)s::regclass
order by starts_at;
