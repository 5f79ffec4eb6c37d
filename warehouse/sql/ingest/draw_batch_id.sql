-- What is the load's key? Draws it, and names it to every event of the transaction.
-- One row.
with drawn as (
    select nextval(pg_get_serial_sequence('ops.ingest_batches', 'batch_id')) as batch_id
)

select
    batch_id,
    set_config('warehouse.batch_id', batch_id::text, true) as told
from drawn;
