-- May a key of the API do what the scope says, now?
-- One value; false for a key that is unknown, revoked or expired, or whose principal has left.
create function ops.key_may(key_id bigint, scope text) returns boolean
language sql stable
as $$
    select exists (
        select
        from ops.api_keys as k
        join reference.principals as p on k.principal_id = p.principal_id
        where
            k.api_key_id = key_may.key_id
            and k.scopes @> array[key_may.scope]
            and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > now())
            and p.is_active
    )
$$;

-- Which accounts may a key read?
-- One row per account: granted itself, through a portfolio that holds it, or with everything.
create function ops.visible_accounts(key_id bigint) returns table (account_id bigint, account_hash text)
language sql stable
as $$
    select a.account_id, a.account_hash
    from reference.accounts as a
    where
        ops.key_may(visible_accounts.key_id, 'read')
        and exists (
            select
            from ops.api_grants as g
            where
                g.api_key_id = visible_accounts.key_id
                and (
                    g.is_all
                    or g.account_id = a.account_id
                    or exists (
                        select
                        from portfolio.portfolio_accounts as held
                        where held.portfolio_id = g.portfolio_id and held.account_id = a.account_id
                    )
                )
        )
$$;

-- Which portfolios may a key read?
-- One row per portfolio: granted itself, or with everything.
create function ops.visible_portfolios(key_id bigint) returns table (portfolio_id bigint)
language sql stable
as $$
    select p.portfolio_id
    from portfolio.portfolios as p
    where
        ops.key_may(visible_portfolios.key_id, 'read')
        and exists (
            select
            from ops.api_grants as g
            where
                g.api_key_id = visible_portfolios.key_id
                and (g.is_all or g.portfolio_id = p.portfolio_id)
        )
$$;

-- Whose alerts and lists may a key read?
-- One row per principal: the key's own, or everybody with a grant of everything.
create function ops.visible_principals(key_id bigint) returns table (principal_id bigint)
language sql stable
as $$
    select p.principal_id
    from reference.principals as p
    where
        ops.key_may(visible_principals.key_id, 'read')
        and (
            p.principal_id = (
                select k.principal_id from ops.api_keys as k
                where k.api_key_id = visible_principals.key_id
            )
            or exists (
                select from ops.api_grants as g
                where g.api_key_id = visible_principals.key_id and g.is_all
            )
        )
$$;

-- A key whose grants changed gets a new version of them, which outdates what was answered before.
-- Runs after each statement on ops.api_grants; updates the keys of the rows it touched.
create function ops.note_grants() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update ops.api_keys as k
    set grants_version = k.grants_version + 1, version = k.version + 1, updated_at = now()
    where k.api_key_id in (select t.api_key_id from touched as t);
    return null;
end;
$$;

-- So does a key that sees a portfolio whose accounts changed.
-- Runs after each statement on portfolio.portfolio_accounts; updates the keys that see what it touched.
create function ops.note_portfolio() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update ops.api_keys as k
    set grants_version = k.grants_version + 1, version = k.version + 1, updated_at = now()
    where
        k.api_key_id in (
            select g.api_key_id
            from ops.api_grants as g
            join touched as t on g.is_all or g.portfolio_id = t.portfolio_id
        );
    return null;
end;
$$;

-- The API forgets what it knows of keys when one changes, or a principal does.
-- Runs after each statement; the notification leaves with the commit.
create function ops.notify_keys() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('warehouse_keys', tg_table_name);
    return null;
end;
$$;

revoke all on function
ops.key_may(bigint, text), ops.visible_accounts(bigint), ops.visible_portfolios(bigint),
ops.visible_principals(bigint), ops.note_grants(), ops.note_portfolio(), ops.notify_keys()
from public;
