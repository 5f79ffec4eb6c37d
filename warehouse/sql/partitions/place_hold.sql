-- Holds what lies in a range of a table.
-- One row: the hold's key; waits while a drop looks at the holds.
insert into audit.holds (table_schema, table_name, time_from, time_to, reason, placed_by)
values (
    %(table_schema)s, %(table_name)s, %(time_from)s, %(time_to)s, %(reason)s,
    coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user)
)
returning hold_id;
