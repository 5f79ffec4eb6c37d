-- Lets go of a hold.
-- One row if the hold was in force.
update audit.holds
set
    released_at = now(),
    released_by = coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user),
    version = version + 1,
    updated_at = now()
where hold_id = %(hold_id)s and released_at is null
returning hold_id;
