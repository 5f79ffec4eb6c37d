-- Which query makes a rollup's rows in a scope? The view's text, with the scope in it as literals.
-- One text; takes no lock. Literals reach the planner: an index on a key is used, partitions are left out.
create function ops.scoped_query(
    logic_view regclass, scope_from timestamptz, scope_to timestamptz, scope_keys bigint[]
) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
    select replace(replace(replace(
        rtrim(pg_get_viewdef(logic_view), ';'),
        'ops.scope_from()', format('%L::timestamptz', scope_from)),
        'ops.scope_to()', format('%L::timestamptz', scope_to)),
        'ops.scope_keys()', format('%L::bigint[]', scope_keys)
    )
$$;

-- Which of a rollup's rows are in a scope?
-- One condition; takes no lock. A date is compared with dates, or no partition could be left out.
create function ops.scope_condition(
    rollup ops.rollups, scope_from timestamptz, scope_to timestamptz, scope_keys bigint[]
) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
    select concat_ws(
        ' and ',
        format('r.%I >= %L::%s', rollup.time_column, scope_from, t.kind),
        format('r.%I < %L::%s', rollup.time_column, scope_to, t.kind),
        case when scope_keys is not null then format('r.%I = any(%L::bigint[])', rollup.scope_key, scope_keys) end
    )
    from (
        select format_type(a.atttypid, null) as kind
        from pg_attribute as a
        where a.attrelid = rollup.relation::regclass and a.attname = rollup.time_column
    ) as t
$$;

-- How does a rollup's table read in the statements that are put together for it?
-- One row of text; takes no lock.
create type ops.rollup_words as (
    columns text, -- its columns
    wanted text, -- the same in a row that is wanted, with the key from whichever row there is
    compared_wanted text, -- what is compared of a row that is wanted …
    compared_had text, -- … and of one that is there
    same_row text, -- that the two are of one key
    same_key text, -- that the table's row r is of the difference d's key
    on_conflict text,
    accounts text, -- which accounts the rows r name: null = any, empty = none
    instruments text
);

create function ops.rollup_words(rollup ops.rollups) returns ops.rollup_words
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select row(
        string_agg(quote_ident(c.name), ', '),
        string_agg(format(case when c.is_key then 'coalesce(w.%1$I, h.%1$I) as %1$I' else 'w.%I' end, c.name), ', '),
        string_agg(format('w.%I', c.name), ', '),
        string_agg(format('h.%I', c.name), ', '),
        string_agg(format('w.%1$I = h.%1$I', c.name), ' and ') filter (where c.is_key),
        string_agg(format('r.%1$I = d.%1$I', c.name), ' and ') filter (where c.is_key),
        format(
            'on conflict (%s) do %s',
            string_agg(quote_ident(c.name), ', ') filter (where c.is_key),
            coalesce(
                'update set '
                || string_agg(format('%1$I = excluded.%1$I', c.name), ', ') filter (where not c.is_key),
                'nothing'
            )
        ),
        case max(c.is_key::int) filter (where c.name = 'account_id')
            when 1 then 'array_agg(distinct r.account_id)' when 0 then 'null::bigint[]' else '''{}''::bigint[]'
        end,
        case max(c.is_key::int) filter (where c.name = 'instrument_id')
            when 1 then 'array_agg(distinct r.instrument_id)' when 0 then 'null::bigint[]' else '''{}''::bigint[]'
        end
    )::ops.rollup_words
    from (
        select a.attname as name, a.attname = any(rollup.key_columns) as is_key
        from pg_attribute as a
        where a.attrelid = rollup.relation::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    ) as c
$$;

-- Which rows of a rollup differ from those that are wanted of it, where both are of one scope?
-- One query of one row per key that differs; takes no lock.
create function ops.differences_query(rollup ops.rollups, wanted text, condition text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format(
        'with w as materialized (%1$s),
        h as materialized (select %2$s from %3$s as r where %4$s)
        select
            %5$s,
            h.%6$I is null as is_new, w.%6$I is null as is_gone,
            least(w.%7$I, h.%7$I) as low, greatest(w.%7$I, h.%7$I) as high
        from w full join h on %8$s
        where row(%9$s) is distinct from row(%10$s)',
        differences_query.wanted, s.columns, rollup.relation, condition, s.wanted, rollup.key_columns[1], rollup.time_column,
        s.same_row, s.compared_wanted, s.compared_had
    )
    from ops.rollup_words(rollup) as s
$$;

-- Make the partitions that a rollup's rows in a scope fall into.
-- Nothing; SHARE UPDATE EXCLUSIVE on the table, so that it is read and written meanwhile.
create function ops.make_rollup_partitions(rollup ops.rollups, rows_in_scope text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    part record;
begin
    for part in execute format(
        'select distinct ops.bucket_start(%L, r.%I::timestamptz) as starts_at from (%s) as r',
        rollup.partition_interval, rollup.time_column, rows_in_scope
    ) loop
        declare
            name text := rollup.relation || to_char(part.starts_at, '"_p"YYYYMMDD');
        begin
            continue when to_regclass(name) is not null;
            execute format('create table %s (like %s including all)', name, rollup.relation);
            execute format(
                'alter table %s attach partition %s for values from (%L) to (%L)',
                rollup.relation, name, part.starts_at, part.starts_at + rollup.partition_interval::interval
            );
        end;
    end loop;
end;
$$;

-- A rollup's grain becomes its primary key: after the first rows, for that is built in half the time.
-- Nothing; ACCESS EXCLUSIVE on the table, which nobody reads yet. Fails on a key that is null or not unique.
create function ops.make_rollup_key(rollup ops.rollups) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from pg_index as i where i.indrelid = rollup.relation::regclass and i.indisprimary) then
        execute format(
            'alter table %s add primary key (%s)', rollup.relation,
            (select string_agg(quote_ident(k), ', ') from unnest(rollup.key_columns) as t (k))
        );
    end if;
end;
$$;

-- Make a rollup's rows in a scope equal its view's, and write only those that differ.
-- One row: how many changed and what they name, null = any; ROW EXCLUSIVE on the table.
--
-- A full join is hashed or merged, never a nested loop, however few rows the statistics expect of a new
-- day. Where the table has no rows in the scope there is nothing to compare with.
create function ops.make_equal(
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
as $make_equal$
declare
    condition text := ops.scope_condition(rollup, scope_from, scope_to, scope_keys);
    said ops.rollup_words := ops.rollup_words(rollup);
    wanted text := format(
        'select %s from (%s) as r where %s', said.columns,
        ops.scoped_query(rollup.logic_view::regclass, scope_from, scope_to, scope_keys), condition
    );
    is_empty boolean;
    statement text;
begin
    execute format('select not exists (select from %s as r where %s)', rollup.relation, condition) into is_empty;
    if is_empty then
        statement := format(
            'with written as (insert into %s as r (%s) %s %s returning r.*)
            select count(*), 0, 0, min(r.%5$I), max(r.%5$I), %6$s, %7$s from written as r',
            rollup.relation, said.columns, wanted,
            -- A key may stand outside of the scope where time is no part of it. The first rows have no key yet.
            case
                when rollup.snapshot is not null and rollup.time_column <> all(rollup.key_columns) then said.on_conflict
            end,
            rollup.time_column, said.accounts, said.instruments
        );
    else
        statement := format(
            'with diff as materialized (%1$s),
            gone as (delete from %2$s as r using diff as d where d.is_gone and %3$s and %4$s),
            written as (insert into %2$s (%5$s) select %5$s from diff where not is_gone %6$s)
            select
                count(*) filter (where r.is_new), count(*) filter (where not r.is_new and not r.is_gone),
                count(*) filter (where r.is_gone), min(r.low), max(r.high), %7$s, %8$s
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
    time_to := time_to + interval '1 microsecond';
end;
$make_equal$;
