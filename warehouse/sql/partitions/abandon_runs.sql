-- Which runs did a kill leave open? Nobody else is at work while the maintenance lock is held.
-- One row per detach that had begun; every step that needs that lock is closed.
-- Archives and indexes are made without it: theirs are closed when they are a day old.
with open as (
    select
        partition_run_id,
        state
    from ops.partition_runs
    where
        state in ('planned', 'running')
        and (
            step in ('create', 'attach', 'finalize', 'detach', 'drop_key', 'move', 'drop')
            or started_at < now() - interval '1 day'
        )
    for update
),

closed as (
    update ops.partition_runs as r
    set
        state = 'abandoned',
        started_at = coalesce(r.started_at, clock_timestamp()),
        finished_at = clock_timestamp(),
        error = case o.state
            when 'running' then 'the run ended in this step'
            else 'the run ended before this step'
        end
    from open as o
    where r.partition_run_id = o.partition_run_id
    returning r.plan_id, r.step_no, r.parent_table, r.partition_name, r.step, o.state as was
)

select
    plan_id,
    step_no,
    parent_table,
    partition_name
from closed
where step in ('detach', 'finalize') and was = 'running'
order by plan_id, step_no;
