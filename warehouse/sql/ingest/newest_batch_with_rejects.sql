-- Which load turned rows away last?
-- One row, or none.
select max(batch_id) as batch_id from ops.ingest_batches where rejected_count > 0;
