-- How long did a step hold its strongest lock? Known only once its transaction has ended.
-- One row of the ledger.
update ops.partition_runs
set lock_held_ms = %(lock_held_ms)s
where plan_id = %(plan_id)s and step_no = %(step_no)s;
