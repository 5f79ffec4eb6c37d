-- How does a portfolio move with its options' underlyings, by their newest Greeks?
-- One row per underlying with options held, by key, from after after_underlying_id.
create function api.portfolio_greeks(
    key_id bigint,
    portfolio bigint,
    after_underlying_id bigint default null,
    page_size bigint default null
)
returns table (
    underlying_id bigint,
    underlying_symbol text,
    underlying_price numeric,
    contract_count bigint,
    unquoted_count bigint,
    delta double precision,
    delta_value double precision,
    gamma double precision,
    theta double precision,
    vega double precision,
    rho double precision,
    oldest_quote_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    c.underlying_id,
    max(m.underlying_symbol),
    max(m.underlying_price),
    count(*),
    count(*) filter (where m.delta is null),
    sum(p.units * m.delta),
    sum(p.units * m.delta * m.underlying_price::double precision),
    sum(p.units * m.gamma),
    sum(p.units * m.theta),
    sum(p.units * m.vega),
    sum(p.units * m.rho),
    min(m.snapshot_at)
from ops.visible_portfolios(portfolio_greeks.key_id) as v
join portfolio.portfolio_accounts as h on h.portfolio_id = v.portfolio_id
cross join lateral (
    select
        n.symbol,
        (n.quantity * n.multiplier)::double precision as units
    from marts.portfolio_positions as n
    where n.account_id = h.account_id and n.asset_type = 'option' and n.quantity <> 0
) as p
-- One at a time, by key: a join of both could read every contract there is.
cross join lateral (
    select n.option_contract_id, n.underlying_id
    from market.option_contracts as n
    where n.osi_symbol = p.symbol
    limit 1
) as c
left join marts.option_chain_latest as m on m.option_contract_id = c.option_contract_id
where
    v.portfolio_id = portfolio_greeks.portfolio
    and (after_underlying_id is null or c.underlying_id > after_underlying_id)
group by c.underlying_id
order by c.underlying_id
limit page_size
$$;
