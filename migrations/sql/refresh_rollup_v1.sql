-- Which columns, sources and scopes does a rollup have? Enters it, or what is new of it, in the registry.
-- One row; ROW EXCLUSIVE on ops.rollups. Refuses a view that would be read whole at every refresh.
create function ops.declare_rollup(
    relation text,
    logic_view text,
    time_column text,
    key_columns text[],
    scope_mode text,
    environment text,
    bucket text default null,
    scope_key text default null,
    look_back integer default 0,
    dimensions text[] default '{}',
    partition_interval text default null
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    definition constant text := pg_get_viewdef(declare_rollup.logic_view::regclass);
    columns constant text[] := array(
        select a.attname
        from pg_attribute as a
        where a.attrelid = declare_rollup.relation::regclass and a.attnum > 0 and not a.attisdropped
    );
    missing text;
begin
    if bucket is distinct from 'all_time' and strpos(definition, 'ops.scope_from()') = 0
        or scope_key is not null and strpos(definition, 'ops.scope_keys()') = 0
    then
        raise invalid_parameter_value using
            message = format('%s reads its sources without a bound on time or key', declare_rollup.relation),
            hint = 'Put in_scope(time, key) into the where of each scan of a fact.';
    end if;
    select c into missing
    from unnest(key_columns || time_column || array_remove(array[scope_key], null)) as t (c)
    where c <> all(columns);
    if found then
        raise undefined_column using
            message = format('%s has no column %s, which its grain, time or key names', declare_rollup.relation, missing);
    end if;
    insert into ops.rollups (
        relation, logic_view, sources, time_column, bucket, scope_key, key_columns, scope_mode, look_back,
        dimensions, partition_interval, definition_hash, environment
    ) values (
        declare_rollup.relation, declare_rollup.logic_view,
        ops.sources_of(declare_rollup.logic_view::regclass, declare_rollup.relation::regclass),
        declare_rollup.time_column, declare_rollup.bucket, declare_rollup.scope_key,
        declare_rollup.key_columns, declare_rollup.scope_mode, declare_rollup.look_back,
        declare_rollup.dimensions, declare_rollup.partition_interval,
        ops.definition_hash(declare_rollup.logic_view::regclass), declare_rollup.environment
    )
    on conflict (relation) do update
        set
            logic_view = excluded.logic_view, sources = excluded.sources, time_column = excluded.time_column,
            bucket = excluded.bucket, scope_key = excluded.scope_key, key_columns = excluded.key_columns,
            scope_mode = excluded.scope_mode, look_back = excluded.look_back, dimensions = excluded.dimensions,
            partition_interval = excluded.partition_interval, environment = excluded.environment,
            updated_at = now(), version = rollups.version + 1
        where
            (
                rollups.logic_view, rollups.sources, rollups.time_column, rollups.bucket, rollups.scope_key,
                rollups.key_columns, rollups.scope_mode, rollups.look_back, rollups.dimensions,
                rollups.partition_interval, rollups.environment
            ) is distinct from (
                excluded.logic_view, excluded.sources, excluded.time_column, excluded.bucket, excluded.scope_key,
                excluded.key_columns, excluded.scope_mode, excluded.look_back, excluded.dimensions,
                excluded.partition_interval, excluded.environment
            );
end;
$$;

-- Is there anything that a rollup has not read, or was its definition changed since?
-- One value; takes no lock.
create function ops.may_be_behind(relation text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    rollup ops.rollups;
begin
    select * into rollup from ops.rollups as r where r.relation = may_be_behind.relation;
    if not found then
        raise undefined_object using
            message = format('%s is no rollup', may_be_behind.relation),
            hint = '`warehouse marts` lists what there is; dbt makes one from a model.';
    end if;
    return rollup.snapshot is null
        or exists (select from audit.events_between(rollup.snapshot, pg_current_snapshot()))
        or ops.definition_hash(rollup.logic_view::regclass) <> rollup.definition_hash;
end;
$$;

-- A relation's rows have changed: say so to the rollups above it, in its generation, and to who listens.
-- One row: the key of its event, which is the new generation; whoever reads it now reads all that is older.
create function ops.bump_generation(
    relation text,
    row_count bigint,
    time_from timestamptz default null,
    time_to timestamptz default null,
    account_ids bigint[] default null,
    instrument_ids bigint[] default null
) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    event bigint := audit.record_event(
        split_part(bump_generation.relation, '.', 1), split_part(bump_generation.relation, '.', 2), 'refresh',
        row_count, time_from, time_to, account_ids, instrument_ids
    );
begin
    insert into ops.generations as g (relation, generation, as_of, changed_at)
    values (bump_generation.relation, event, now(), clock_timestamp())
    on conflict (relation) do update
        set generation = excluded.generation, as_of = excluded.as_of, changed_at = excluded.changed_at;
    perform pg_notify('warehouse_generations', format('%s %s', bump_generation.relation, event));
    return event;
end;
$$;

-- Bring a rollup up to date: read the events since its snapshot, recompute what they name, say what changed.
-- One row: its run, null where nothing was pending; locks its row of ops.rollups until the transaction ends.
--
-- The lock keeps a second refresh out, and retirement from moving the floor meanwhile. The first
-- contents, a changed definition and `whole` recompute everything from the floor up; below it nothing.
create function ops.refresh_rollup(relation text, whole boolean default false) returns ops.refresh_runs
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    run ops.refresh_runs;
    rollup ops.rollups;
    hash bytea;
    upto pg_snapshot;
    scope record;
    made record;
    low timestamptz := 'infinity';
    high timestamptz := '-infinity';
    accounts bigint[] := '{}';
    instruments bigint[] := '{}';
begin
    run.started_at := clock_timestamp();
    -- Asked before the lock, which would cost a transaction id each time that nothing is to do.
    if not whole and not ops.may_be_behind(relation) then
        return null;
    end if;
    select * into strict rollup from ops.rollups as r where r.relation = refresh_rollup.relation for update;
    upto := audit.current_snapshot();
    hash := ops.definition_hash(rollup.logic_view::regclass);
    if hash <> rollup.definition_hash then
        rollup.sources := ops.sources_of(rollup.logic_view::regclass, rollup.relation::regclass);
        whole := true;
    end if;
    whole := whole or rollup.snapshot is null;
    if not whole then
        select count(*) into run.event_count from ops.pending_events(rollup, upto);
    end if;
    run.scopes := '[]';
    run.inserted_count := 0;
    run.updated_count := 0;
    run.deleted_count := 0;
    for scope in
        select * from ops.pending_scopes(rollup, upto) where not whole and run.event_count > 0
        union all
        select ops.first_whole_bucket(rollup), 'infinity', null where whole
    loop
        made := ops.make_equal(rollup, scope.scope_from, scope.scope_to, scope.scope_keys);
        run.scopes := run.scopes || jsonb_build_object(
            'from', scope.scope_from, 'to', scope.scope_to, 'keys', scope.scope_keys
        );
        run.inserted_count := run.inserted_count + made.inserted;
        run.updated_count := run.updated_count + made.updated;
        run.deleted_count := run.deleted_count + made.deleted;
        low := least(low, made.time_from);
        high := greatest(high, made.time_to);
        accounts := accounts || made.account_ids;
        instruments := instruments || made.instrument_ids;
    end loop;
    if rollup.snapshot is null then
        perform ops.make_rollup_key(rollup);
        execute format('analyze %s', rollup.relation);
    end if;
    if run.inserted_count + run.updated_count + run.deleted_count > 0 or rollup.snapshot is null then
        run.event_id := ops.bump_generation(
            relation, run.inserted_count + run.updated_count + run.deleted_count,
            nullif(low, 'infinity'), nullif(high, '-infinity'), accounts, instruments
        );
    end if;
    update ops.rollups as r
    set
        snapshot = upto, definition_hash = hash, sources = rollup.sources,
        updated_at = now(), version = r.version + 1
    where r.relation = rollup.relation;
    if not whole and run.event_count = 0 then
        return null;
    end if;
    insert into ops.refresh_runs (
        relation, kind, event_count, scopes, inserted_count, updated_count, deleted_count, snapshot, event_id,
        state, started_at, finished_at
    ) values (
        rollup.relation, case when whole then 'build' else 'refresh' end, run.event_count, run.scopes,
        run.inserted_count, run.updated_count, run.deleted_count, upto, run.event_id,
        'done', run.started_at, clock_timestamp()
    ) returning * into run;
    return run;
end;
$$;
