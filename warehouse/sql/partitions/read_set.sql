-- What is a table that is to be taken over: partitioned by what, whose, and may the owner work on it?
-- One row, or none where there is no such table; key and type are null where it is not cut by one column.
select
    c.relkind::text as kind,
    p.partstrat::text as strategy,
    a.attname as control,
    pg_catalog.format_type(a.atttypid, null) as control_type,
    pg_catalog.pg_get_userbyid(c.relowner) as owner,
    pg_catalog.pg_has_role(%(owner)s, c.relowner, 'usage') as is_ours,
    pg_catalog.has_schema_privilege(%(owner)s, c.relnamespace, 'create') as may_create
from pg_catalog.pg_class as c
left join pg_catalog.pg_partitioned_table as p on c.oid = p.partrelid
left join pg_catalog.pg_attribute as a
    on c.oid = a.attrelid and p.partnatts = 1 and p.partattrs[0] = a.attnum
where c.oid = pg_catalog.to_regclass(%(table)s);
