-- Adds a sealed batch to the chain and moves the cursor; refuses what does not follow the newest seal.
-- Nothing; ROW EXCLUSIVE on audit.seals, audit.shapes, ops.cursors. `audit verify` checks signatures.
create function audit.append_seal(
    seal_id bigint,
    snapshot pg_snapshot,
    event_ids bigint[],
    leaf_hashes bytea,
    evidence_hashes bytea,
    row_count bigint,
    first_occurred_at timestamptz,
    last_occurred_at timestamptz,
    tree_size bigint,
    canonical_version integer,
    shapes text,
    merkle_root bytea,
    batch_hash bytea,
    log_root bytea,
    log_peaks bytea,
    previous_head_hash bytea,
    head_hash bytea,
    signature bytea,
    key_id text,
    sealed_at timestamptz,
    last_xid xid8 -- null: everything in the snapshot is sealed now; else the batch ends inside it
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    newest audit.seals;
    shapes_sha256 bytea := sha256(convert_to(shapes, 'UTF8'));
    reader constant text := 'seal';
begin
    select s.* into newest from audit.seals as s order by s.seal_id desc limit 1;
    if seal_id <> coalesce(newest.seal_id, 0) + 1
        or previous_head_hash is distinct from newest.head_hash
        or tree_size <> coalesce(newest.tree_size, 0) + cardinality(event_ids)
    then
        raise object_not_in_prerequisite_state using
            message = format(
                'seal %s does not follow seal %s, the newest; nothing was sealed', seal_id, coalesce(newest.seal_id, 0)
            ),
            hint = 'Another sealer was faster: run it again.';
    end if;
    insert into audit.shapes (shapes_sha256, shapes)
    values (shapes_sha256, shapes)
    on conflict do nothing;
    insert into audit.seals (
        seal_id, snapshot, first_event_id, last_event_id, first_occurred_at, last_occurred_at,
        event_ids, leaf_hashes, evidence_hashes, row_count, leaf_count, tree_size, canonical_version,
        shapes_sha256, merkle_root, batch_hash, log_root, log_peaks, previous_head_hash, head_hash,
        signature, key_id, sealed_at
    )
    select
        seal_id, snapshot, min(e), max(e), first_occurred_at, last_occurred_at,
        event_ids, leaf_hashes, evidence_hashes, row_count, count(*), tree_size, canonical_version,
        shapes_sha256, merkle_root, batch_hash, log_root, log_peaks, previous_head_hash, head_hash,
        signature, key_id, sealed_at
    from unnest(event_ids) as t (e);
    update ops.cursors as c
    set
        snapshot = case when last_xid is null then append_seal.snapshot else c.snapshot end,
        target_snapshot = case when last_xid is not null then append_seal.snapshot end,
        last_xid = append_seal.last_xid,
        last_event_id = case when append_seal.last_xid is not null then event_ids[cardinality(event_ids)] end,
        updated_at = now(),
        version = c.version + 1
    where c.consumer = reader;
end;
$$;

revoke all on function audit.append_seal(
    bigint, pg_snapshot, bigint[], bytea, bytea, bigint, timestamptz, timestamptz, bigint, integer, text,
    bytea, bytea, bytea, bytea, bytea, bytea, bytea, text, timestamptz, xid8
) from public;
