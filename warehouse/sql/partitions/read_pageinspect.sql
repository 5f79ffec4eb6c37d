-- In which schema is pageinspect, and may this session look at raw pages?
-- One row; the schema is null where the extension is not installed in this database.
select
    (
        select n.nspname
        from pg_catalog.pg_extension as e
        inner join pg_catalog.pg_namespace as n on e.extnamespace = n.oid
        where e.extname = 'pageinspect'
    ) as schema,
    pg_catalog.current_setting('is_superuser')::boolean as may_look;
