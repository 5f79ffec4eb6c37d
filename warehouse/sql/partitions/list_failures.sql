-- Which steps failed the last time they were tried?
-- One row per partition and step whose newest run failed.
select
    parent_table,
    partition_name,
    step,
    error
from (
    select distinct on (partition_name, step)
        parent_table,
        partition_name,
        step,
        error,
        state
    from ops.partition_runs
    where finished_at > now() - interval '30 days'
    order by partition_name asc, step asc, partition_run_id desc
) as newest
where state = 'failed'
order by parent_table, partition_name, step;
