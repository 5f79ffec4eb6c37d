-- What did a portfolio gain over a window of days, linked by time and weighted by money?
-- One row; the sessions are those from from_day to before to_day, and the opening is the session before them.
create function api.portfolio_performance(
    key_id bigint,
    portfolio bigint,
    from_day date default null,
    to_day date default null
)
returns table (
    portfolio_id bigint,
    base_currency text,
    first_day date,
    last_day date,
    session_count bigint,
    opening_equity numeric,
    closing_equity numeric,
    external_flow numeric,
    gain numeric,
    twr double precision,
    annual_return double precision,
    xirr double precision,
    annual_volatility double precision,
    max_drawdown double precision,
    max_drawdown_days bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    p.portfolio_id,
    p.base_currency,
    w.days[1],
    w.days[cardinality(w.days)],
    coalesce(cardinality(w.days), 0),
    o.equity,
    w.equities[cardinality(w.days)],
    w.external_flow,
    w.equities[cardinality(w.days)] - o.equity - w.external_flow,
    r.total_return,
    r.annual_return,
    portfolio.xirr(
        coalesce(o.value_day, w.days[1]) || w.days || w.days[cardinality(w.days)],
        -o.equity || w.flows || w.equities[cardinality(w.days)]
    ),
    r.annual_volatility,
    r.max_drawdown,
    r.max_drawdown_days
from ops.visible_portfolios(portfolio_performance.key_id) as v
join portfolio.portfolios as p on p.portfolio_id = v.portfolio_id
cross join lateral (
    select
        array_agg(m.value_day order by m.value_day) as days,
        array_agg(m.equity order by m.value_day) as equities,
        array_agg(-m.external_flow order by m.value_day) as flows,
        array_agg(m.daily_return order by m.value_day) as returns,
        sum(m.external_flow) as external_flow
    from marts.portfolio_history as m
    where
        m.portfolio_id = p.portfolio_id
        and m.value_day >= coalesce(from_day, '-infinity')
        and m.value_day < coalesce(to_day, 'infinity')
) as w
cross join lateral (
    select max(h.value_day) as value_day, coalesce(max(h.equity), 0) as equity
    from (
        select m.value_day, m.equity
        from marts.portfolio_history as m
        where m.portfolio_id = p.portfolio_id and m.value_day < from_day
        order by m.value_day desc
        limit 1
    ) as h
) as o
cross join lateral risk.measures(w.returns) as r
where v.portfolio_id = portfolio_performance.portfolio
$$;
