-- May a key see the portfolio, which is there?
-- One value: a portfolio that is missing is told like one that is somebody else's.
create function api.sees_portfolio(key_id bigint, portfolio bigint)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select exists (
    select from ops.visible_portfolios(sees_portfolio.key_id) as v
    where v.portfolio_id = sees_portfolio.portfolio
)
$$;
