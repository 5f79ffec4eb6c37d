-- What are the tables that policies name: is there one, and what is it cut by?
-- One row per name; kind is null where there is no such table.
select
    p.parent,
    c.relkind::text as kind,
    pg_catalog.pg_get_partkeydef(c.oid) as partition_key
from unnest(%(parents)s::text[]) as p (parent)
left join pg_catalog.pg_class as c on c.oid = to_regclass(p.parent)
order by p.parent;
