-- What was loaded lately?
-- One row per load, the newest first.
select
    b.batch_id as batch,
    b.kind,
    s.name as source,
    b.file_name as file,
    b.state,
    b.read_count as read,
    b.loaded_count as loaded,
    b.duplicate_count as duplicate,
    b.rejected_count as rejected,
    b.finished_at as finished,
    b.error
from ops.ingest_batches as b
inner join reference.sources as s on b.source_id = s.source_id
order by b.batch_id desc
limit %(rows)s;
