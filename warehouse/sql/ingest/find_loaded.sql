-- Was this content loaded before?
-- One row, or none.
select
    batch_id,
    finished_at,
    file_name,
    read_count,
    loaded_count,
    duplicate_count,
    rejected_count
from ops.ingest_batches
where
    content_hash = %(content_hash)s
    and kind = %(kind)s
    and source_id = %(source_id)s
    and state in ('running', 'loaded');
