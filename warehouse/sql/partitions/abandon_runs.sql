-- Which runs did a kill leave open? Nobody else is at work while the maintenance lock is held.
-- One row per detach that had begun; every step that nobody is at is closed.
-- Archives and indexes are made under locks of their own, which a killed run no longer has.
with open as (
    select
        partition_run_id,
        state
    from ops.partition_runs
    where
        state in ('planned', 'running')
        and (
            step in ('create', 'attach', 'finalize', 'detach', 'drop_key', 'move', 'drop')
            or pg_try_advisory_xact_lock(hashtextextended(case
                when step in ('index', 'drop_index') then 'indexes of ' || parent_table
                else 'warehouse archive ' || partition_name
            end, 0))
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
