-- What did earlier runs over the indexes of a table set out to do, and how far did they come?
-- One row per step of a plan.
select
    plan_id,
    step_no,
    step,
    partition_name,
    state
from ops.partition_runs
where parent_table = %(table)s and step in ('index', 'drop_index')
order by partition_run_id;
