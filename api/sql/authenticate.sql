-- Which live key has this hash, or these first characters?
-- One row, or none.
create function api.authenticate(secret_hash bytea default null, prefix text default null)
returns table (
    api_key_id bigint,
    principal_id bigint,
    scopes text[],
    grants_version bigint,
    rate_limit integer,
    concurrency_limit integer,
    expires_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    k.api_key_id,
    k.principal_id,
    k.scopes,
    k.grants_version,
    k.rate_limit,
    k.concurrency_limit,
    k.expires_at
from ops.api_keys as k
join reference.principals as p on k.principal_id = p.principal_id
where
    (k.secret_hash = authenticate.secret_hash or k.prefix = authenticate.prefix)
    and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > now())
    and p.is_active
$$;
