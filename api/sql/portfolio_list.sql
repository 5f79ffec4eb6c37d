-- Which portfolios may the key see, and how many accounts has each?
-- One row per portfolio, by key, from after after_portfolio_id.
create function api.portfolio_list(
    key_id bigint,
    after_portfolio_id bigint default null,
    page_size bigint default null
)
returns table (
    portfolio_id bigint,
    name text,
    principal text,
    base_currency text,
    benchmark_instrument_id bigint,
    benchmark_symbol text,
    account_count integer
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    p.portfolio_id,
    p.name,
    w.login,
    p.base_currency,
    p.benchmark_instrument_id,
    i.symbol,
    (
        select count(*)::integer
        from portfolio.portfolio_accounts as h
        where h.portfolio_id = p.portfolio_id
    )
from ops.visible_portfolios(portfolio_list.key_id) as v
join portfolio.portfolios as p on p.portfolio_id = v.portfolio_id
join reference.principals as w on w.principal_id = p.principal_id
left join reference.instruments as i on i.instrument_id = p.benchmark_instrument_id
where after_portfolio_id is null or p.portfolio_id > after_portfolio_id
order by p.portfolio_id
limit page_size
$$;
