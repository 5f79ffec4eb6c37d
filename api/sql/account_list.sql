-- Which accounts may the key see?
-- One row per account, by public identifier, from after after_account_hash.
create function api.account_list(
    key_id bigint,
    after_account_hash text default null,
    page_size bigint default null
)
returns table (
    account_hash text,
    display_name text,
    nickname text,
    account_type text,
    base_currency text,
    is_active boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    a.account_hash,
    a.display_name,
    a.nickname,
    a.account_type,
    a.base_currency,
    a.is_active
from ops.visible_accounts(account_list.key_id) as v
join reference.accounts as a on a.account_id = v.account_id
where after_account_hash is null or a.account_hash > after_account_hash
order by a.account_hash
limit page_size
$$;
