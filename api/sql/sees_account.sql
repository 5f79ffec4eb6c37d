-- May a key see the account, which is there?
-- One value: an account that is missing is told like one that is somebody else's.
create function api.sees_account(key_id bigint, account text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select exists (
    select from ops.visible_accounts(sees_account.key_id) as v
    where v.account_hash = sees_account.account
)
$$;
