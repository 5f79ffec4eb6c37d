-- Are events in the sealed log as they stand, and what proves it?
-- One row per event that is there or was sealed, by key, from after after_event_id; for keys that see all.
create function api.audit_proofs(
    key_id bigint,
    event_id bigint[],
    after_event_id bigint default null,
    page_size bigint default null
)
returns table (event_id bigint, state text, seal_id bigint, proof json)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
with asked as (
    select distinct wanted.event_id
    from unnest(audit_proofs.event_id) as wanted (event_id)
    where
        ops.key_may(audit_proofs.key_id, 'audit')
        and exists (
            select from ops.api_grants as g
            where g.api_key_id = audit_proofs.key_id and g.is_all
        )
        and (after_event_id is null or wanted.event_id > after_event_id)
),

found as (
    select
        a.event_id,
        s.*,
        array_position(s.event_ids, a.event_id) - 1 as place
    from asked as a
    left join lateral (
        select
            n.seal_id,
            n.event_ids,
            n.leaf_hashes,
            n.evidence_hashes,
            n.leaf_count,
            n.merkle_root,
            n.first_occurred_at,
            n.last_occurred_at,
            n.shapes_sha256
        from audit.seals as n
        where
            n.last_event_id >= a.event_id
            and n.first_event_id <= a.event_id
            and a.event_id = any(n.event_ids)
        order by n.last_event_id
        limit 1
    ) as s on true
),

-- What was hashed is how PostgreSQL sends the row in binary: the form is told in docs/audit.md.
told as (
    select
        f.*,
        e.record,
        substring(f.evidence_hashes from f.place * 32 + 1 for 32) as evidence
    from found as f
    left join lateral (
        select record_send(row(
            n.event_id, n.occurred_at, n.actor, n.login_role, n.application, n.request_id, n.reason,
            n.table_schema, n.table_name, n.operation, n.row_count, n.time_from, n.time_to,
            n.account_ids, n.instrument_ids, n.batch_id, n.digest
        )) as record
        from audit.events as n
        where n.event_id = f.event_id
    ) as e on true
    where f.seal_id is not null or e.record is not null
),

judged as (
    select
        t.*,
        case
            when t.seal_id is null then 'not_sealed'
            when t.record is null then 'gone'
            when sha256(
                '\x00'::bytea
                || int4send(17) || 'tapehouse event 1'::bytea
                || int4send(octet_length(t.record)) || t.record
                || int4send(32) || t.evidence
            ) = substring(t.leaf_hashes from t.place * 32 + 1 for 32) then 'proved'
            else 'altered'
        end as state
    from told as t
)

select
    j.event_id,
    j.state,
    j.seal_id,
    case when j.state = 'proved' then json_build_object(
        'tapehouse', 'inclusion',
        'event', json_build_object(
            'record', encode(j.record, 'hex'),
            'evidence', encode(j.evidence, 'hex'),
            'index', j.place,
            'size', j.leaf_count,
            'path', api.merkle_path(j.leaf_hashes, j.place)
        ),
        'batch', json_build_object(
            'seal_id', j.seal_id,
            'leaf_count', j.leaf_count,
            'merkle_root', encode(j.merkle_root, 'hex'),
            'ids_sha256', (
                select encode(sha256(string_agg(int8send(i.event_id), '' order by i.place)), 'hex')
                from unnest(j.event_ids) with ordinality as i (event_id, place)
            ),
            'first_occurred_at', (extract(epoch from j.first_occurred_at) * 1000000)::bigint,
            'last_occurred_at', (extract(epoch from j.last_occurred_at) * 1000000)::bigint,
            'shapes_sha256', encode(j.shapes_sha256, 'hex')
        ),
        'log', json_build_object(
            'index', j.seal_id - 1,
            'size', h.seal_id,
            'path', api.merkle_path(
                (select string_agg(b.batch_hash, '' order by b.seal_id) from audit.seals as b),
                j.seal_id - 1
            )
        ),
        'head', json_build_object(
            'seal_id', h.seal_id,
            'tree_size', h.tree_size,
            'batch_hash', encode(h.batch_hash, 'hex'),
            'log_root', encode(h.log_root, 'hex'),
            'previous_head_hash', encode(h.previous_head_hash, 'hex'),
            'sealed_at', (extract(epoch from h.sealed_at) * 1000000)::bigint,
            'key_id', h.key_id,
            'signature', encode(h.signature, 'hex')
        )
    ) end
from judged as j
left join lateral (
    select n.seal_id, n.tree_size, n.batch_hash, n.log_root, n.previous_head_hash, n.sealed_at, n.key_id, n.signature
    from audit.seals as n
    order by n.seal_id desc
    limit 1
) as h on true
order by j.event_id
limit page_size
$$;
