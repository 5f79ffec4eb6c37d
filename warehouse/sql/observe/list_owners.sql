-- Which logins could rewrite the audit log, or switch its triggers off?
-- One row per login, with the reason.
select
    r.rolname::text as login,
    case when r.rolsuper then 'superuser' else 'may act as ' || %(owner)s end as reason
from pg_catalog.pg_roles as r
where
    r.rolcanlogin
    and (r.rolsuper or pg_has_role(r.oid, %(owner)s, 'member'))
order by r.rolname;
