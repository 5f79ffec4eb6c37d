-- Fill a rollup that is made beside one whose columns are changing: its history, then what the view says.
-- Nothing; locks the standing one's row of ops.rollups, so that none refreshes it until the two are swapped.
--
-- Rows below the source floor cannot be made anew: they are copied, in the columns that both have.
create function ops.fill_beside(relation text, beside text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    standing ops.rollups;
    next ops.rollups;
    kept text;
    frozen text;
begin
    select * into strict standing from ops.rollups as r where r.relation = fill_beside.relation for update;
    select * into strict next from ops.rollups as r where r.relation = beside;
    next.source_floor := standing.source_floor;
    if standing.source_floor is not null then
        select string_agg(quote_ident(n.attname), ', ') into kept
        from pg_attribute as n
        inner join pg_attribute as s on s.attname = n.attname
        where
            n.attrelid = next.relation::regclass and n.attnum > 0 and not n.attisdropped
            and s.attrelid = standing.relation::regclass and s.attnum > 0 and not s.attisdropped;
        frozen := format(
            'select %s from %s as r where %s', kept, standing.relation,
            ops.scope_condition(standing, '-infinity', ops.first_whole_bucket(next), null)
        );
        if next.partition_interval is not null then
            perform ops.make_rollup_partitions(next, frozen);
        end if;
        execute format('insert into %s (%s) %s', next.relation, kept, frozen);
    end if;
    perform ops.make_equal(next, ops.first_whole_bucket(next), 'infinity', null);
    perform ops.make_rollup_key(next);
    execute format('analyze %s', next.relation);
    delete from ops.rollups as r where r.relation = beside;
end;
$$;

-- Give a relation another name, and with it its partitions and indexes, which are named after it.
-- Nothing; ACCESS EXCLUSIVE on each.
create function ops.rename_relation(relation regclass, name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    old constant text := (select c.relname from pg_class as c where c.oid = relation);
    part record;
begin
    for part in
        with tables as (
            select relation::oid as oid
            union
            select t.relid from pg_partition_tree(relation) as t
        ),

        named as (
            select t.oid from tables as t
            union
            select i.indexrelid from tables as t inner join pg_index as i on i.indrelid = t.oid
        )

        select c.oid::regclass as full_name, c.relname, c.relkind in ('i', 'I') as is_index
        from named as n
        inner join pg_class as c on c.oid = n.oid
        where c.oid = relation or starts_with(c.relname, old || '_')
    loop
        execute format(
            'alter %s %s rename to %I', case when part.is_index then 'index' else 'table' end,
            part.full_name, name || substr(part.relname, length(old) + 1)
        );
    end loop;
end;
$$;

-- What was filled beside has taken the rollup's name: its definition is the one that the rows were made with.
-- One row: the run; ROW EXCLUSIVE on ops.rollups.
create function ops.record_swap(relation text, began timestamptz) returns ops.refresh_runs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    run ops.refresh_runs;
begin
    update ops.rollups as r
    set definition_hash = ops.definition_hash(r.logic_view::regclass), updated_at = now(), version = r.version + 1
    where r.relation = record_swap.relation;
    insert into ops.refresh_runs (relation, kind, event_id, state, started_at, finished_at)
    values (relation, 'swap', ops.bump_generation(relation, 0), 'done', began, clock_timestamp())
    returning * into run;
    return run;
end;
$$;
