-- A step is planned.
-- One row of the ledger.
insert into ops.partition_runs (plan_id, step_no, parent_table, partition_name, step, state)
values (%(plan_id)s, %(step_no)s, %(parent)s, %(partition)s, %(step)s, 'planned');
