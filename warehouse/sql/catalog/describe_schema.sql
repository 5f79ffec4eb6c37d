-- What do our schemas hold, down to what Alembic's autogenerate is blind to?
-- One row per property of a table; partitions are left out, since they are made from their parents.
with tables as (
    select
        c.oid,
        c.relkind,
        c.relacl,
        c.relowner,
        format('%%s.%%s', n.nspname, c.relname) as name
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname = any(%(schemas)s)
        and c.relkind in ('r', 'p')
        and not c.relispartition
),

partition_keys as (
    select
        t.name as object,
        'partition key' as property,
        pg_catalog.pg_get_partkeydef(t.oid) as definition
    from tables as t
    where t.relkind = 'p'
),

columns as (
    select
        format('%%s.%%s', t.name, a.attname) as object,
        'column' as property,
        concat_ws(
            ' ',
            pg_catalog.format_type(a.atttypid, a.atttypmod),
            case when a.attnotnull then 'not null' end,
            'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
            'identity ' || nullif(a.attidentity::text, '')
        ) as definition
    from tables as t
    inner join pg_catalog.pg_attribute as a on t.oid = a.attrelid
    left join pg_catalog.pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
    where a.attnum > 0 and not a.attisdropped
),

constraints as (
    select
        format('%%s.%%s', t.name, k.conname) as object,
        'constraint' as property,
        pg_catalog.pg_get_constraintdef(k.oid) as definition
    from tables as t
    inner join pg_catalog.pg_constraint as k on t.oid = k.conrelid
    where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
),

indexes as (
    select
        i.indexrelid::regclass::text as object,
        'index' as property,
        pg_catalog.pg_get_indexdef(i.indexrelid) as definition
    from tables as t
    inner join pg_catalog.pg_index as i on t.oid = i.indrelid
),

comments as (
    select
        format('%%s %%s', t.name, a.attname) as object,
        'comment' as property,
        d.description as definition
    from tables as t
    inner join pg_catalog.pg_description as d
        on t.oid = d.objoid and d.classoid = 'pg_catalog.pg_class'::regclass
    left join pg_catalog.pg_attribute
        as a on d.objoid = a.attrelid and d.objsubid = a.attnum
    and d.objsubid > 0
),

privileges as (
    select
        format('%%s to %%s', t.name, coalesce(r.rolname, 'public')) as object,
        'privileges' as property,
        string_agg(lower(x.privilege_type), ', ' order by x.privilege_type) as definition
    from tables as t
    cross join lateral pg_catalog.aclexplode(t.relacl) as x
    left join pg_catalog.pg_roles as r on x.grantee = r.oid
    where x.grantee <> t.relowner
    group by t.name, r.rolname
)

select * from partition_keys
union all
select * from columns
union all
select * from constraints
union all
select * from indexes
union all
select * from comments
union all
select * from privileges
order by object, property, definition;
