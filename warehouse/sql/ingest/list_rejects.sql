-- Which rows did a load turn away, and why?
-- One row per reject, in the order of the file; pages by the last reject seen.
select
    reject_id,
    file_name,
    line_no,
    raw,
    reasons
from ops.ingest_rejects
where batch_id = %(batch_id)s and reject_id > %(after)s
order by reject_id
limit %(rows)s;
