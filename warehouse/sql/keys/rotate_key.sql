-- Makes the successor of a live key, which ends after its grace.
-- One row: the two keys' ids; locks the old key's row, and none comes where it does not live.
with replaced as (
    update ops.api_keys
    set
        expires_at = least(expires_at, now() + %(grace)s::interval),
        updated_at = now(),
        version = version + 1
    where
        prefix = %(replaced)s
        and revoked_at is null
        and (expires_at is null or expires_at > now())
    returning *
),

-- The update above is not seen here, so this is when the old key would have ended.
before as (
    select
        k.api_key_id,
        k.expires_at
    from ops.api_keys as k
    where k.prefix = %(replaced)s
)

insert into ops.api_keys (
    name, principal_id, prefix, secret_hash, scopes, rate_limit, concurrency_limit, expires_at, replaces_id
)
select
    r.name,
    r.principal_id,
    %(prefix)s,
    %(secret_hash)s,
    r.scopes,
    r.rate_limit,
    r.concurrency_limit,
    b.expires_at,
    r.api_key_id
from replaced as r
inner join before as b on r.api_key_id = b.api_key_id
returning api_key_id, replaces_id;
