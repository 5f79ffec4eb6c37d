-- Which columns does a table have, and what is beneath their types?
-- One row per column, in their order.
with recursive bases as (
    select
        a.attnum,
        a.atttypid as oid
    from pg_catalog.pg_attribute as a
    where
        a.attrelid = pg_catalog.to_regclass(%(table)s)
        and a.attnum > 0 and not a.attisdropped
    union all
    select
        b.attnum,
        t.typbasetype
    from bases as b
    inner join pg_catalog.pg_type as t on b.oid = t.oid and t.typtype = 'd'
)

select
    a.attname as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    t.typname as base,
    e.typname as element,
    e.oid::bigint as element_oid,
    a.attnotnull as not_null,
    a.atthasdef and a.attgenerated = '' or a.attidentity <> '' as has_default,
    a.attgenerated <> '' as generated
from bases as b
inner join pg_catalog.pg_type as t on b.oid = t.oid and t.typtype <> 'd'
inner join pg_catalog.pg_attribute as a
    on a.attrelid = pg_catalog.to_regclass(%(table)s) and b.attnum = a.attnum
left join pg_catalog.pg_type as e on t.typelem = e.oid and t.typcategory = 'A'
order by a.attnum;
