-- Make the partitions that rows of a rollup need.
-- Nothing; SHARE UPDATE EXCLUSIVE on the table where one is missing.
--
-- What is missing is found before anything is attached: while a query over the table is open, which the
-- rows' may be, PostgreSQL alters it in no way.
create or replace function ops.make_rollup_partitions(rollup ops.rollups, rows_in_scope text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    starts timestamptz[];
    starts_at timestamptz;
    name text;
begin
    execute format(
        'select array_agg(distinct ops.bucket_start(%L, r.%I::timestamptz)) from (%s) as r',
        rollup.partition_interval, rollup.time_column, rows_in_scope
    ) into starts;
    foreach starts_at in array coalesce(starts, '{}') loop
        name := rollup.relation || to_char(starts_at, '"_p"YYYYMMDD');
        continue when to_regclass(name) is not null;
        execute format('create table %s (like %s including all)', name, rollup.relation);
        execute format(
            'alter table %s attach partition %s for values from (%L) to (%L)',
            rollup.relation, name, starts_at, starts_at + rollup.partition_interval::interval
        );
    end loop;
end;
$$;
