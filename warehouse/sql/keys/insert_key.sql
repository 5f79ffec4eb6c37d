-- Makes a key, of which only the hash is kept.
-- One row: the new key's id.
insert into ops.api_keys (
    name, principal_id, prefix, secret_hash, scopes, rate_limit, concurrency_limit, expires_at
)
values (
    %(name)s, %(principal_id)s, %(prefix)s, %(secret_hash)s, %(scopes)s,
    %(rate_limit)s, %(concurrency_limit)s, %(expires_at)s
)
returning api_key_id;
