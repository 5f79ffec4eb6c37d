-- Bring a rollup up to date: read the events since its snapshot, recompute what they name, say what changed.
-- One row: its run, null where nothing was pending; locks its row of ops.rollups until the transaction ends.
--
-- The lock keeps a second refresh out, and retirement from moving the floor meanwhile. The first
-- contents, a changed definition and `whole` recompute everything from the floor up; below it nothing.
-- What is said of a key once, for all of time, has changed for all of time, whatever its time is.
create or replace function ops.refresh_rollup(
    relation text, whole boolean default false
) returns ops.refresh_runs
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
    is_timeless boolean;
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
    is_timeless := rollup.bucket = 'all_time' and rollup.time_column <> all(rollup.key_columns);
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
            case when is_timeless is not true then nullif(low, 'infinity') end,
            case when is_timeless is not true then nullif(high, '-infinity') end,
            accounts, instruments
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
