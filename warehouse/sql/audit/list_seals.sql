-- What do these seals say, oldest first?
-- One row per seal, with everything that was sealed in it.
select
    s.seal_id,
    s.event_ids,
    s.leaf_hashes,
    s.evidence_hashes,
    s.row_count,
    s.first_occurred_at,
    s.last_occurred_at,
    s.leaf_count,
    s.tree_size,
    s.canonical_version,
    s.shapes_sha256,
    s.merkle_root,
    s.batch_hash,
    s.log_root,
    s.log_peaks,
    s.previous_head_hash,
    s.head_hash,
    s.signature,
    s.key_id,
    s.sealed_at
from audit.seals as s
where s.seal_id between %(first)s and %(last)s
order by s.seal_id;
