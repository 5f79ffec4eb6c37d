-- Lets a key see what another sees.
-- One row per grant.
insert into ops.api_grants (api_key_id, account_id, portfolio_id, is_all)
select
    %(api_key_id)s::bigint,
    account_id,
    portfolio_id,
    is_all
from ops.api_grants
where api_key_id = %(replaces_id)s;
