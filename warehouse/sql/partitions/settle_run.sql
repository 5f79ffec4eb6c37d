-- A detach that was killed after it was through is entered as what it is.
-- One row of the ledger.
update ops.partition_runs
set state = 'done', error = null, event_id = %(event_id)s
where plan_id = %(plan_id)s and step_no = %(step_no)s;
