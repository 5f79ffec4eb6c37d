-- Why did a run come to nothing?
-- One row of the ledger; what the run did is rolled back already.
insert into ops.refresh_runs (relation, kind, state, started_at, finished_at, error)
values (%(relation)s, %(kind)s, 'failed', %(started_at)s, clock_timestamp(), %(error)s);
