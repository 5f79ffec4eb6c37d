-- Which steps over indexes did a kill leave open? Nobody is at them where their table's turn can be had.
-- No row; they are closed.
update ops.partition_runs
set
    state = 'abandoned',
    started_at = coalesce(started_at, pg_catalog.clock_timestamp()),
    finished_at = pg_catalog.clock_timestamp(),
    error = case state
        when 'running' then 'the run ended in this step'
        else 'the run ended before this step'
    end
where
    step in ('index', 'drop_index')
    and state in ('planned', 'running')
    and pg_try_advisory_xact_lock(hashtextextended('indexes of ' || parent_table, 0));
