-- Who asks, in which database, and may the roles that make schemas work there?
-- One row.
select
    current_user::text as login,
    current_database()::text as database,
    (
        select bool_and(coalesce(has_database_privilege(r.oid, current_database(), p.privilege), false))
        from unnest(%(makers)s::text[]) as m (name)
        left join pg_catalog.pg_roles as r on m.name = r.rolname
        cross join (values ('connect'), ('create'), ('temporary')) as p (privilege)
    ) as in_database,
    to_regnamespace('public') is null or coalesce(
        has_schema_privilege(to_regrole(%(owner)s)::oid, to_regnamespace('public')::oid, 'usage')
        and has_schema_privilege(to_regrole(%(owner)s)::oid, to_regnamespace('public')::oid, 'create'),
        false
    ) as in_public;
