-- Is the schema at the revision expected, how far do partitions reach, how old are marts and replica?
-- One row per check.
create function api.readiness(expected_revision text default null, longest_lag double precision default 300)
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

-- What a mart has not seen yet began to wait when it was written.
waiting as (
    select
        f.relation,
        f.lag_seconds
    from api.mart_lags() as f
    order by f.lag_seconds desc nulls last, f.relation
    limit 1
),

replica as (
    select case
        when not pg_is_in_recovery() then null
        when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
        else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())
    end as lag
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

union all

select
    'marts',
    true,
    coalesce(
        (
            select
                case
                    when w.lag_seconds = 0 then 'every mart has seen all that was written'
                    else format('%s is %s seconds behind, the most of all', w.relation, round(w.lag_seconds))
                end
            from waiting as w
        ),
        'none was built; run `warehouse build`'
    )

union all

select
    'replica',
    lag is null or lag <= longest_lag,
    case
        when lag is null then 'reads go to the primary'
        else format('reads go to a replica, %s seconds behind', round(lag))
    end
from replica
$$;
