-- Which of the wanted roles are there, can they log in, and may the current user act as them?
-- One row per wanted role, in the order they were asked for.
select
    wanted.name,
    r.oid is not null as present,
    coalesce(r.rolcanlogin, false) as can_login,
    coalesce(
        pg_catalog.pg_has_role(r.oid, %(set)s) and pg_catalog.pg_has_role(r.oid, %(inherit)s), false
    ) as usable
from unnest(%(names)s::text[]) with ordinality as wanted (name, place)
left join pg_catalog.pg_roles as r on wanted.name = r.rolname
order by wanted.place;
