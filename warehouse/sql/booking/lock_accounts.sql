-- Whose books are about to be written?
-- One row; holds the accounts' rows until the transaction ends.
select trading.lock_accounts(%(account_ids)s::bigint[]) as held;
