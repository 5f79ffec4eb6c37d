-- What did an account hold at a moment? Makes it the opening of its positions.
-- One row, how many; locks the account and those positions' rows.
select trading.freeze_openings(%(account_id)s, %(ends_at)s) as frozen;
