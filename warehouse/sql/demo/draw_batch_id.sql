-- Which key will the next load have? Drawn ahead, for its rows name it.
-- One row.
select nextval(pg_get_serial_sequence('ops.ingest_batches', 'batch_id')) as batch_id;
