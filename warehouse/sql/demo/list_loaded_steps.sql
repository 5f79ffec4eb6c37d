-- Which steps of which demo data set are loaded?
-- One row per step.
select
    b.content_hash,
    b.file_name
from ops.ingest_batches as b
inner join reference.sources as s on b.source_id = s.source_id
where
    s.name = 'demo'
    and b.state = 'loaded'
order by b.batch_id;
