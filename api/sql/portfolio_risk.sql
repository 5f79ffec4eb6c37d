-- How did a portfolio do for its risk, over all its sessions?
-- One row; without a valued session its figures are null.
create function api.portfolio_risk(key_id bigint, portfolio bigint)
returns table (
    portfolio_id bigint,
    base_currency text,
    benchmark_instrument_id bigint,
    first_day date,
    last_day date,
    equity numeric,
    return_count bigint,
    twr double precision,
    xirr double precision,
    annual_return double precision,
    annual_volatility double precision,
    downside_deviation double precision,
    sharpe double precision,
    sortino double precision,
    calmar double precision,
    max_drawdown double precision,
    max_drawdown_days bigint,
    beta double precision,
    alpha double precision,
    tracking_error double precision,
    information_ratio double precision,
    var_95 double precision,
    var_99 double precision,
    expected_shortfall_95 double precision,
    expected_shortfall_99 double precision,
    parametric_var_95 double precision,
    parametric_var_99 double precision,
    parametric_expected_shortfall_95 double precision,
    parametric_expected_shortfall_99 double precision,
    concentration double precision,
    largest_position double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    v.portfolio_id,
    m.base_currency,
    m.benchmark_instrument_id,
    m.first_day,
    m.last_day,
    m.equity,
    m.return_count,
    m.twr,
    m.xirr,
    m.annual_return,
    m.annual_volatility,
    m.downside_deviation,
    m.sharpe,
    m.sortino,
    m.calmar,
    m.max_drawdown,
    m.max_drawdown_days,
    m.beta,
    m.alpha,
    m.tracking_error,
    m.information_ratio,
    m.var_95,
    m.var_99,
    m.expected_shortfall_95,
    m.expected_shortfall_99,
    m.parametric_var_95,
    m.parametric_var_99,
    m.parametric_expected_shortfall_95,
    m.parametric_expected_shortfall_99,
    m.concentration,
    m.largest_position
from ops.visible_portfolios(portfolio_risk.key_id) as v
left join marts.portfolio_risk as m on m.portfolio_id = v.portfolio_id
where v.portfolio_id = portfolio_risk.portfolio
$$;
