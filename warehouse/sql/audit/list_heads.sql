-- Which heads were sealed after this one, oldest first?
-- One row per seal, without what is in it.
select
    s.seal_id,
    s.tree_size,
    s.batch_hash,
    s.log_root,
    s.previous_head_hash,
    s.sealed_at,
    s.key_id,
    s.signature
from audit.seals as s
where s.seal_id > %(after)s
order by s.seal_id;
