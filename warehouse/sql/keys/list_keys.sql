-- Which keys are there, whose are they, what may they see, and when was each last used?
-- One row per key, newest last; the last use is that of the access log.
select
    k.prefix,
    k.name,
    p.login as principal,
    k.scopes,
    case
        when bool_or(g.is_all) then 'everything'
        else concat_ws(
            ', ',
            string_agg('account ' || a.account_hash, ', ' order by a.account_hash),
            string_agg('portfolio ' || g.portfolio_id, ', ' order by g.portfolio_id)
        )
    end as sees,
    case
        when k.revoked_at is not null then 'revoked'
        when k.expires_at <= now() then 'expired'
        else 'live'
    end as state,
    k.created_at,
    k.expires_at,
    k.revoked_at,
    (
        select u.accessed_at
        from audit.access as u
        where u.principal_id = k.principal_id and u.api_key_id = k.api_key_id
        order by u.accessed_at desc
        limit 1
    ) as last_used_at
from ops.api_keys as k
inner join reference.principals as p on k.principal_id = p.principal_id
left join ops.api_grants as g on k.api_key_id = g.api_key_id
left join reference.accounts as a on g.account_id = a.account_id
group by k.api_key_id, p.login
order by k.api_key_id;
