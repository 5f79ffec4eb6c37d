-- An archive was verified, restored, superseded, or failed.
-- One row.
update ops.archives
set
    state = %(state)s,
    error = %(error)s,
    verified_at = case when %(verified)s then clock_timestamp() else verified_at end,
    restored_at = case when %(restored)s then clock_timestamp() else restored_at end,
    version = version + 1,
    updated_at = now()
where archive_id = %(archive_id)s;
