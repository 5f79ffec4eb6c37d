-- Which feeds did a failed load hold up? Says why in their status.
-- One row per feed of the source, or of the instruments that are named.
update ops.instrument_data_status
set
    last_error_at = now(),
    last_error = %(error)s,
    updated_at = now()
where
    source_id = %(source_id)s
    and instrument_id = any(coalesce(%(instrument_ids)s::bigint[], array[instrument_id]))
    and frequency = any(coalesce(%(frequencies)s::text[], array[frequency]));
