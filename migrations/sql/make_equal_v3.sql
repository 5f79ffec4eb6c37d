-- Make a rollup's rows in a scope equal its view's, and write only those that differ.
-- One row: how many changed and what they name, null = any; ROW EXCLUSIVE on the table.
--
-- A full join is hashed or merged, never a nested loop, however few rows the statistics expect of a new
-- day. Where the table has no rows in the scope there is nothing to compare with.
--
-- The first rows of a partitioned table are put aside until their partitions are made. Written at once,
-- they would be computed three times: up to the one that has no partition, for its name, and again.
create or replace function ops.make_equal(
    rollup ops.rollups,
    scope_from timestamptz,
    scope_to timestamptz,
    scope_keys bigint[],
    out inserted bigint,
    out updated bigint,
    out deleted bigint,
    out time_from timestamptz, -- with time_to null: all of time
    out time_to timestamptz,
    out account_ids bigint[],
    out instrument_ids bigint[]
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $body$
declare
    condition text := ops.scope_condition(rollup, scope_from, scope_to, scope_keys);
    said ops.rollup_words := ops.rollup_words(rollup);
    wanted text := format(
        'select %s from (%s) as r where %s', said.columns,
        ops.scoped_query(rollup.logic_view::regclass, scope_from, scope_to, scope_keys), condition
    );
    is_first constant boolean := rollup.snapshot is null and rollup.partition_interval is not null;
    is_empty boolean;
    statement text;
begin
    if is_first then
        execute format('create temporary table first_rows as %s', wanted);
        wanted := format('select %s from pg_temp.first_rows', said.columns);
        perform ops.make_rollup_partitions(rollup, wanted);
    end if;
    execute format('select not exists (select from %s as r where %s)', rollup.relation, condition) into is_empty;
    if is_empty then
        statement := format(
            'with written as (insert into %s as r (%s) %s %s returning %8$s)
            select count(*), 0, 0, min(r.%5$I), max(r.%5$I), %6$s, %7$s from written as r',
            rollup.relation, said.columns, wanted,
            -- A key may stand outside of the scope where time is no part of it. The first rows have no key yet.
            case
                when rollup.snapshot is not null and rollup.time_column <> all(rollup.key_columns) then said.on_conflict
            end,
            rollup.time_column, said.accounts, said.instruments,
            -- No more than is asked of them: what a statement returns is kept, and 5 million rows go to disk.
            (
                select string_agg(distinct format('r.%I', c.name), ', ')
                from unnest(rollup.key_columns || rollup.time_column) as c (name)
            )
        );
    else
        statement := format(
            'with diff as materialized (%1$s),
            gone as (delete from %2$s as r using diff as d where d.is_gone$ and %3$s and %4$s),
            written as (insert into %2$s (%5$s) select %5$s from diff where not is_gone$ %6$s)
            select
                count(*) filter (where r.is_new$), count(*) filter (where not r.is_new$ and not r.is_gone$),
                count(*) filter (where r.is_gone$), min(r.low$), max(r.high$), %7$s, %8$s
            from diff as r',
            ops.differences_query(rollup, wanted, condition),
            rollup.relation, said.same_key, condition, said.columns, said.on_conflict,
            said.accounts, said.instruments
        );
    end if;
    begin
        execute statement into inserted, updated, deleted, time_from, time_to, account_ids, instrument_ids;
    exception when check_violation then
        if rollup.partition_interval is null then
            raise;
        end if;
        perform ops.make_rollup_partitions(rollup, wanted);
        execute statement into inserted, updated, deleted, time_from, time_to, account_ids, instrument_ids;
    end;
    if is_first then
        drop table pg_temp.first_rows;
    end if;
    time_to := time_to + interval '1 microsecond';
end;
$body$;
