-- Which key will the next load have? Drawn ahead, for its rows name it, and the events of this transaction.
-- One row.
select
    set_config(
        'warehouse.batch_id',
        nextval(pg_get_serial_sequence('ops.ingest_batches', 'batch_id'))::text,
        true
    )::bigint as batch_id;
