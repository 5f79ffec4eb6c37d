-- From where to where is a reader of the events to read now?
-- One row; null where it has read nothing. The caller holds the reader's cursor.
select
    c.snapshot::text as stored,
    audit.current_snapshot()::text as upto
from ops.cursors as c
where c.consumer = %(consumer)s;
