-- Lets a key see accounts and portfolios, or everything.
-- One row per grant that was made; what is not there makes none.
insert into ops.api_grants (api_key_id, account_id, portfolio_id, is_all)
select
    %(key)s as api_key_id,
    a.account_id,
    null as portfolio_id,
    false as is_all
from reference.accounts as a
where a.account_hash = any(%(accounts)s::text[])
union all
select
    %(key)s as api_key_id,
    null as account_id,
    p.portfolio_id,
    false as is_all
from portfolio.portfolios as p
where p.portfolio_id = any(%(portfolios)s::bigint[])
union all
select
    %(key)s as api_key_id,
    null as account_id,
    null as portfolio_id,
    true as is_all
where %(everything)s::boolean
returning api_grant_id;
