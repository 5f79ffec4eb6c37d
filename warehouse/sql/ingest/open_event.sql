-- Which event will the rows of the load name? Opens it.
-- One row.
select audit.open_event(%(schema)s, %(table)s, 'insert') as event_id;
