-- A step failed, or was left undone because one that it needs failed.
-- One row of the ledger.
update ops.partition_runs
set
    state = %(state)s,
    started_at = coalesce(started_at, clock_timestamp()),
    finished_at = clock_timestamp(),
    attempts = %(attempts)s,
    error = %(error)s
where plan_id = %(plan_id)s and step_no = %(step_no)s;
