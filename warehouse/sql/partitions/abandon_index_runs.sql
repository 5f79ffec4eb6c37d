-- Which steps over a table's indexes did a kill leave open? Nobody else is at them: the caller's turn.
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
    parent_table = %(table)s
    and step in ('index', 'drop_index')
    and state in ('planned', 'running');
