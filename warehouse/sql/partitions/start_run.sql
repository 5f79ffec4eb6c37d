-- A step begins.
-- One row of the ledger.
update ops.partition_runs
set state = 'running', started_at = clock_timestamp()
where plan_id = %(plan_id)s and step_no = %(step_no)s;
