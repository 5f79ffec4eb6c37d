-- Adds a sealed batch to the chain, and moves the sealer's cursor.
-- One row of nothing; refused when another sealer was faster.
select audit.append_seal(
    seal_id => %(seal_id)s,
    snapshot => %(snapshot)s,
    event_ids => %(event_ids)s,
    leaf_hashes => %(leaf_hashes)s,
    evidence_hashes => %(evidence_hashes)s,
    row_count => %(row_count)s,
    first_occurred_at => %(first_occurred_at)s,
    last_occurred_at => %(last_occurred_at)s,
    tree_size => %(tree_size)s,
    canonical_version => %(canonical_version)s,
    shapes => %(shapes)s,
    merkle_root => %(merkle_root)s,
    batch_hash => %(batch_hash)s,
    log_root => %(log_root)s,
    log_peaks => %(log_peaks)s,
    previous_head_hash => %(previous_head_hash)s,
    head_hash => %(head_hash)s,
    signature => %(signature)s,
    key_id => %(key_id)s,
    sealed_at => %(sealed_at)s,
    last_xid => %(last_xid)s
);
