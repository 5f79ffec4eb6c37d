-- How far is a step over an index?
-- One row; a failure says why, and every start is counted.
update ops.partition_runs
set
    state = %(state)s,
    started_at = coalesce(started_at, pg_catalog.clock_timestamp()),
    finished_at = case when %(state)s <> 'running' then pg_catalog.clock_timestamp() end,
    attempts = attempts + (%(state)s = 'running')::integer,
    event_id = coalesce(%(event_id)s, event_id),
    error = %(error)s
where plan_id = %(plan)s and step_no = %(number)s;
