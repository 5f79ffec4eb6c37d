-- Which step over an index is to be run?
-- One row; a step that an earlier run did not finish is taken up again.
insert into ops.partition_runs (plan_id, step_no, parent_table, partition_name, step, state)
values (%(plan)s, %(number)s, %(table)s, %(partition)s, %(step)s, 'planned')
on conflict (plan_id, step_no) do update set
    parent_table = excluded.parent_table,
    partition_name = excluded.partition_name,
    step = excluded.step,
    state = excluded.state,
    started_at = null,
    finished_at = null,
    error = null;
