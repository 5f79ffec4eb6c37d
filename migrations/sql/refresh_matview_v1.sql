-- How many rows has this transaction written to a relation so far?
-- One value; takes no lock.
create function ops.rows_written(relation regclass) returns bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
    select
        pg_stat_get_xact_tuples_inserted(relation)
        + pg_stat_get_xact_tuples_updated(relation)
        + pg_stat_get_xact_tuples_deleted(relation)
$$;

-- Was anything below a materialized view written since its last refresh, or its definition changed?
-- One value; takes no lock.
create function ops.matview_is_behind(relation text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select
        from ops.matviews as m
        where
            m.relation = matview_is_behind.relation
            and m.definition_hash = ops.definition_hash(matview_is_behind.relation::regclass)
            and not exists (
                select
                from ops.writes_between(m.snapshot, pg_current_snapshot()) as w
                where w.relation = any(ops.sources_of(matview_is_behind.relation::regclass))
            )
    )
$$;

-- Refresh a materialized view where anything below it changed, without shutting its readers out.
-- One row: its run, null where nothing was pending; EXCLUSIVE on it, which readers do not notice.
--
-- `made` says that its rows were made just now. What it wrote is counted by the statistics of this
-- transaction: a refresh that finds every row as it was is no new generation.
create function ops.refresh_matview(relation text, made boolean default false) returns ops.refresh_runs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    run ops.refresh_runs;
    matview constant regclass := refresh_matview.relation::regclass;
    upto pg_snapshot;
    is_populated boolean;
    written bigint := 0;
begin
    run.started_at := clock_timestamp();
    if not made and not ops.matview_is_behind(relation) then
        return null;
    end if;
    -- A lock waited for inside REFRESH would leave it with a snapshot from before the wait. The row's lock
    -- is for REPEATABLE READ, where what another refresh has changed since must not be missed.
    perform pg_advisory_xact_lock(hashtextextended('refresh ' || relation, 0));
    perform from ops.matviews as m where m.relation = refresh_matview.relation for update;
    upto := audit.current_snapshot();
    if not made then
        select c.relispopulated into is_populated from pg_class as c where c.oid = matview;
        written := ops.rows_written(matview);
        execute format(
            'refresh materialized view %s %s', case when is_populated then 'concurrently' else '' end, matview
        );
        written := ops.rows_written(matview) - written;
    end if;
    if made or not is_populated or written > 0 then
        run.event_id := ops.bump_generation(relation, written);
    end if;
    insert into ops.matviews (relation, snapshot, definition_hash)
    values (relation, upto, ops.definition_hash(matview))
    on conflict (relation) do update
        set
            snapshot = excluded.snapshot, definition_hash = excluded.definition_hash,
            updated_at = now(), version = matviews.version + 1;
    insert into ops.refresh_runs (relation, kind, snapshot, event_id, state, started_at, finished_at)
    values (
        relation, case when made then 'build' else 'refresh' end, upto, run.event_id,
        'done', run.started_at, clock_timestamp()
    )
    returning * into run;
    return run;
end;
$$;
