-- Which audit triggers fire in every session, on tables and on their partitions?
-- One row per trigger.
select
    c.oid::regclass::text as table_name,
    t.tgname::text as trigger_name
from pg_catalog.pg_trigger as t
inner join pg_catalog.pg_class as c on t.tgrelid = c.oid
where t.tgname like 'audit%%' and t.tgenabled = 'A';
