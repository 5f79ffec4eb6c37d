-- In how many rows does a rollup differ from its view, from its floor up, both in one snapshot?
-- One row: its run; locks its row of ops.rollups. What is pending is read first, or it would differ by that.
create function ops.verify_rollup(relation text) returns ops.refresh_runs
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
    run ops.refresh_runs;
    rollup ops.rollups;
    since timestamptz;
    condition text;
    wanted text;
begin
    perform ops.require_one_snapshot();
    run.started_at := clock_timestamp();
    perform ops.refresh_rollup(relation);
    select * into strict rollup from ops.rollups as r where r.relation = verify_rollup.relation for update;
    since := ops.first_whole_bucket(rollup);
    condition := ops.scope_condition(rollup, since, 'infinity', null);
    wanted := format(
        'select %s from (%s) as r where %s', (ops.rollup_words(rollup)).columns,
        ops.scoped_query(rollup.logic_view::regclass, since, 'infinity', null), condition
    );
    execute format('select count(*) from (%s) as d', ops.differences_query(rollup, wanted, condition))
    into run.difference_count;
    if run.difference_count = 0 then
        update ops.rollups as r
        set verified_snapshot = r.snapshot, verified_at = now(), updated_at = now(), version = r.version + 1
        where r.relation = rollup.relation;
    end if;
    return ops.record_verify(relation, run.difference_count, run.started_at);
end;
$$;

-- In how many rows does a materialized view differ from its query, both in one snapshot?
-- One row: its run; ACCESS SHARE, and EXCLUSIVE where it has to be refreshed first.
create function ops.verify_matview(relation text) returns ops.refresh_runs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    began constant timestamptz := clock_timestamp();
    query text;
    differences bigint;
begin
    perform ops.require_one_snapshot();
    perform ops.refresh_matview(relation);
    query := rtrim(pg_get_viewdef(relation::regclass), ';');
    execute format(
        'select count(*)
        from (
            (select * from %1$s except all select * from (%2$s) as q)
            union all
            (select * from (%2$s) as q except all select * from %1$s)
        ) as d',
        relation::regclass, query
    ) into differences;
    return ops.record_verify(relation, differences, began);
end;
$$;

-- May two statements be compared, or can a write come between them?
-- Nothing, or an error; takes no lock.
create function ops.require_one_snapshot() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('transaction_isolation') = 'read committed' then
        raise active_sql_transaction using
            message = 'what was written between two statements would show as a difference',
            hint = 'Begin the transaction as REPEATABLE READ.';
    end if;
end;
$$;

-- Enter into the ledger what a verify found.
-- One row: its run; ROW EXCLUSIVE on ops.refresh_runs.
create function ops.record_verify(relation text, differences bigint, began timestamptz)
returns ops.refresh_runs
language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into ops.refresh_runs (relation, kind, difference_count, state, started_at, finished_at)
    values (relation, 'verify', differences, 'done', began, clock_timestamp())
    returning *
$$;
