-- Which accounts do these public ids name?
-- One row per account found; KEY SHARE keeps each until the load commits.
select
    account_hash as name,
    account_id as key
from reference.accounts
where account_hash = any(%(names)s)
for key share;
