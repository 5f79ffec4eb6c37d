-- What does the newest seal say, and where does the tree of the log go on?
-- One row, none where nothing is sealed yet.
select
    s.seal_id,
    s.tree_size,
    s.batch_hash,
    s.log_root,
    s.previous_head_hash,
    s.sealed_at,
    s.key_id,
    s.signature,
    s.log_peaks
from audit.seals as s
order by s.seal_id desc
limit 1;
