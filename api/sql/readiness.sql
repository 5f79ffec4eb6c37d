-- Whether the schema is at the revision that is expected, and how far ahead partitions reach.
-- One row per check.
create or replace function api.readiness(expected_revision text default null)
returns table (check_name text, ok boolean, detail text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
with partitioned as (
    select
        t.partrelid as table_oid,
        t.partrelid::regclass::text as table_name
    from pg_partitioned_table as t
    join pg_class as c on c.oid = t.partrelid
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = t.partrelid and a.attnum = t.partattrs[0]
    where
        t.partstrat = 'r'
        and t.partnatts = 1
        and not c.relispartition
        and a.atttypid = 'timestamptz'::regtype
        and n.nspname in (
            'reference', 'market', 'trading', 'portfolio', 'risk', 'audit', 'ops', 'library'
        )
),

-- The bounds are only in the catalogue's expression: FOR VALUES FROM ('…') TO ('…').
bounds as (
    select
        i.inhparent as table_oid,
        pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where c.relpartbound is not null and not i.inhdetachpending
),

reaches as (
    select
        p.table_name,
        max(
            case
                when b.bound ~ 'TO \(MAXVALUE\)' then 'infinity'
                else substring(b.bound from 'TO \(''([^'']+)''\)')::timestamptz
            end
        ) as reach
    from partitioned as p
    left join bounds as b on b.table_oid = p.table_oid
    group by p.table_name
),

tightest as (
    select table_name, coalesce(reach, '-infinity') as reach
    from reaches
    order by reach nulls first, table_name
    limit 1
),

revision as (
    select string_agg(version_num, ', ' order by version_num) as found
    from public.alembic_version
)

select
    'migrations',
    found is not null and found = coalesce(expected_revision, found),
    case
        when found is null then 'the schema was never migrated; run `warehouse migrate`'
        when found <> expected_revision
            then format(
                'the schema is at %s, this code expects %s; run `warehouse migrate`',
                found, expected_revision
            )
        else format('the schema is at %s', found)
    end
from revision

union all

select
    'partitions',
    reach > now(),
    case
        when reach = '-infinity'
            then format('%s has no partition; run `warehouse partitions apply`', table_name)
        when reach = 'infinity' then 'every table reaches without end'
        when reach <= now()
            then format(
                '%s ended on %s; run `warehouse partitions apply`', table_name, reach::date
            )
        else format(
            '%s reaches %s days ahead, the least of all',
            table_name, floor(extract(epoch from reach - now()) / 86400)
        )
    end
from tightest
$$;
