-- Which open findings did the check look for and not see again? Closes them as mended.
-- One row per finding; ROW EXCLUSIVE on ops.data_quality_findings. Leaves what lies outside of the window.
update ops.data_quality_findings
set
    resolution = 'fixed',
    resolved_at = now(),
    resolved_by = coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user),
    resolution_note = 'Not found again.',
    updated_at = now(),
    version = version + 1
where
    check_name = %(check_name)s
    and resolved_at is null
    and last_seen_at < now()
    and (
        %(everywhere)s
        or (time_from >= %(reach)s and coalesce(time_to, time_from) > %(since)s and time_from < %(until)s)
    )
returning finding_id;
