-- A step is done, in the transaction that did it.
-- One row of the ledger.
update ops.partition_runs
set
    state = 'done',
    finished_at = clock_timestamp(),
    event_id = %(event_id)s,
    attempts = %(attempts)s,
    lock_wait_ms = %(lock_wait_ms)s,
    error = null
where plan_id = %(plan_id)s and step_no = %(step_no)s;
