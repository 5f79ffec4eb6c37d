-- What became of a finding, in the words of whoever looked at it?
-- One row, none where it is not open; ROW EXCLUSIVE on ops.data_quality_findings.
update ops.data_quality_findings
set
    resolution = %(resolution)s,
    resolved_at = now(),
    resolved_by = coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user),
    resolution_note = %(note)s,
    updated_at = now(),
    version = version + 1
where finding_id = %(finding_id)s and resolved_at is null
returning finding_id;
