-- Ends a key at once.
-- One row, none where it is unknown or revoked; locks its row.
update ops.api_keys
set revoked_at = now(), updated_at = now(), version = version + 1
where prefix = %(prefix)s and revoked_at is null
returning api_key_id;
