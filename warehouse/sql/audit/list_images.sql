-- What was a record before and after each change of it? Whoever asks orders and pages them.
-- One row per change; by the index on the record's key.
select
    i.event_id,
    i.occurred_at,
    i.image_no,
    i.before,
    i.after
from audit.images as i
where
    i.table_schema = %(table_schema)s
    and i.table_name = %(table_name)s
    and i.row_key = %(row_key)s
