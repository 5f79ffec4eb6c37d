-- Whose books are about to be written? Holds them until the transaction ends, in the order of their ids.
-- FOR NO KEY UPDATE on the accounts' rows: writers wait for each other, readers and foreign keys do not.
create function trading.lock_accounts(account_ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from reference.accounts as a
    where a.account_id = any(account_ids)
    order by a.account_id
    for no key update;
end;
$$;

revoke all on function trading.lock_accounts(bigint[]) from public;
