-- Who asks, in which database, and what may the owner role do there?
-- One row.
select
    current_user::text as login,
    current_database()::text as database,
    coalesce(
        has_database_privilege(to_regrole(%(owner)s)::oid, current_database(), 'connect')
        and has_database_privilege(to_regrole(%(owner)s)::oid, current_database(), 'create')
        and has_database_privilege(to_regrole(%(owner)s)::oid, current_database(), 'temporary'),
        false
    ) as in_database,
    to_regnamespace('public') is null or coalesce(
        has_schema_privilege(to_regrole(%(owner)s)::oid, to_regnamespace('public')::oid, 'usage')
        and has_schema_privilege(to_regrole(%(owner)s)::oid, to_regnamespace('public')::oid, 'create'),
        false
    ) as in_public;
