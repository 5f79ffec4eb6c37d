-- Which TRUNCATE triggers has a table, that a partition must be given too?
-- One row per trigger; statement triggers are not inherited.
select
    t.tgname as name,
    case when t.tgtype & 2 > 0 then 'before' else 'after' end as timing,
    n.nspname as function_schema,
    p.proname as function_name,
    t.tgenabled::text as enabled,
    case
        when t.tgnargs > 0
            then (string_to_array(encode(t.tgargs, 'escape'), '\000'))[1:t.tgnargs]
        else '{}'
    end as arguments
from pg_catalog.pg_trigger as t
inner join pg_catalog.pg_proc as p on t.tgfoid = p.oid
inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
where
    t.tgrelid = to_regclass(%(parent)s)
    and not t.tgisinternal
    and t.tgtype & 32 > 0
    and not exists (
        select from pg_catalog.pg_trigger as o
        where o.tgrelid = to_regclass(%(table)s) and o.tgname = t.tgname
    )
order by t.tgname;
