-- Which step is loaded now? Files it as a load that succeeded; its rows follow in the same transaction.
-- One row.
insert into ops.ingest_batches (
    batch_id, source_id, kind, content_hash, file_name, mode, read_count, loaded_count, state,
    started_at, finished_at, event_ids, created_at, updated_at
) values (
    %(batch_id)s, %(source_id)s, %(kind)s, %(content_hash)s, %(file_name)s, 'insert',
    %(row_count)s, %(row_count)s, 'loaded',
    %(written_at)s, %(written_at)s, %(event_ids)s::bigint[], %(written_at)s, %(written_at)s
);
