-- How did a series of daily returns do for its risk, alone and against a benchmark?
-- One row; days without a return are left out, and what cannot be told is null. Takes no lock.
create function risk.measures(
    returns double precision[], -- oldest first
    benchmark double precision[] default null, -- of the same days
    risk_free double precision default 0 -- return of one day
)
returns table (
    days bigint,
    total_return double precision,
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
    parametric_expected_shortfall_99 double precision
)
language sql immutable parallel safe
as $$
with

days as (

    select
        row_number() over w as day_no,
        r.value,
        r.value - risk_free as excess,
        r.benchmark_value - risk_free as benchmark_excess,
        r.value - r.benchmark_value as active,
        portfolio.product(1 + r.value) over w as growth
    from unnest(returns, benchmark) with ordinality as r (value, benchmark_value, place)
    where r.value is not null
    window w as (order by r.place)

),

-- The highest growth so far, the start included.
peaks as (

    select
        d.day_no,
        d.growth,
        greatest(1, max(d.growth) over (order by d.day_no)) as peak
    from days as d

),

trough as (

    select
        p.day_no,
        p.peak,
        p.growth / p.peak - 1 as drawdown
    from peaks as p
    order by 3, 1
    limit 1

),

-- From the day of the peak to the day that reaches it again, or to the last.
drawdown as (

    select
        t.drawdown,
        case when t.drawdown < 0 then
            coalesce(min(p.day_no) filter (where p.day_no > t.day_no and p.growth >= t.peak), max(p.day_no))
            - coalesce(max(p.day_no) filter (where p.day_no < t.day_no and p.growth = t.peak), 0)
        else 0 end as length
    from trough as t
    cross join peaks as p
    group by t.day_no, t.peak, t.drawdown

),

moments as (

    select
        count(*) as days,
        portfolio.product(1 + d.value) - 1 as total_return,
        avg(d.value) as mean,
        -- Equal values leave a residue of rounding, which would make a ratio of 10^15 where there is none.
        case when min(d.value) < max(d.value) then stddev_samp(d.value) when count(*) > 1 then 0 end as deviation,
        avg(d.excess) as mean_excess,
        sqrt(avg(least(d.excess, 0) ^ 2)) as downside,
        avg(d.active) as mean_active,
        case
            when min(d.active) < max(d.active) then stddev_samp(d.active)
            when count(d.active) > 1 then 0
        end as deviation_active,
        regr_sxx(d.excess, d.benchmark_excess) > 1e-30 * regr_count(d.excess, d.benchmark_excess) as benchmark_moved,
        regr_slope(d.excess, d.benchmark_excess) as slope,
        regr_intercept(d.excess, d.benchmark_excess) as intercept,
        percentile_cont(array[0.05, 0.01]) within group (order by d.value) as quantiles
    from days as d

),

tails as (

    select
        avg(d.value) filter (where d.value <= m.quantiles[1]) as shortfall_95,
        avg(d.value) filter (where d.value <= m.quantiles[2]) as shortfall_99
    from days as d
    cross join moments as m

)

select
    m.days,
    case when m.days > 0 then m.total_return end,
    a.annual_return,
    m.deviation * sqrt(252),
    m.downside * sqrt(252),
    m.mean_excess / nullif(m.deviation, 0) * sqrt(252),
    case when m.days > 1 then m.mean_excess / nullif(m.downside, 0) * sqrt(252) end,
    a.annual_return / nullif(-d.drawdown, 0),
    d.drawdown,
    d.length,
    case when m.benchmark_moved then m.slope end,
    case when m.benchmark_moved then portfolio.annualized(1 + m.intercept, 1) end,
    m.deviation_active * sqrt(252),
    m.mean_active / nullif(m.deviation_active, 0) * sqrt(252),
    m.quantiles[1],
    m.quantiles[2],
    t.shortfall_95,
    t.shortfall_99,
    -- The normal distribution's quantiles, and its means below them.
    m.mean - 1.6448536269514727 * m.deviation,
    m.mean - 2.326347874040841 * m.deviation,
    m.mean - 2.062712807507426 * m.deviation,
    m.mean - 2.665214220345805 * m.deviation
from moments as m
cross join tails as t
left join drawdown as d on true
cross join lateral (select portfolio.annualized(1 + m.total_return, nullif(m.days, 0))) as a (annual_return);
$$;

comment on function risk.measures(double precision[], double precision[], double precision) is
'Measures of daily returns, alone and against a benchmark''s; null where they cannot be told. One row.';
