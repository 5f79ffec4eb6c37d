{{
    config(
        indexes=[
            {'columns': ['portfolio_id'], 'unique': true},
        ]
    )
}}

with

portfolios as (

    select * from {{ ref('stg_portfolio__portfolios') }}

),

history as (

    select * from {{ ref('portfolio_history') }}

),

latest_marks as (

    select * from {{ ref('int_latest_marks') }}

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}

),

concentrations as (

    select * from {{ ref('portfolio_concentration') }}

),

-- Adjusted closes, or a split would be a loss; a session without a mark has no benchmark's return.
compared as (

    select
        history.*,
        marks.adjusted_close / lag(marks.adjusted_close) over w - 1 as benchmark_return
    from history
    inner join portfolios on history.portfolio_id = portfolios.portfolio_id
    left join latest_marks on portfolios.benchmark_instrument_id = latest_marks.instrument_id
    left join daily_marks as marks
        on
            portfolios.benchmark_instrument_id = marks.instrument_id
            and history.value_day = marks.mark_day
            and latest_marks.source_id = marks.source_id
    window w as (partition by history.portfolio_id order by history.value_day)

),

series as (

    select
        portfolio_id,
        min(value_day) as first_day,
        max(value_day) as last_day,
        (array_agg(equity order by value_day desc))[1] as equity,
        array_agg(value_day order by value_day) as days,
        array_agg(-external_flow order by value_day) as flows,
        array_agg(daily_return order by value_day) as returns,
        array_agg(benchmark_return::double precision order by value_day) as benchmark_returns
    from compared
    group by portfolio_id

),

final as (

    select
        series.portfolio_id,
        portfolios.portfolio_name,
        portfolios.base_currency,
        portfolios.benchmark_instrument_id,
        series.first_day,
        series.last_day,
        series.equity,
        measures.days as return_count,
        measures.total_return as twr,
        portfolio.xirr(series.days || series.last_day, series.flows || series.equity) as xirr,
        measures.annual_return,
        measures.annual_volatility,
        measures.downside_deviation,
        measures.sharpe,
        measures.sortino,
        measures.calmar,
        measures.max_drawdown,
        measures.max_drawdown_days,
        measures.beta,
        measures.alpha,
        measures.tracking_error,
        measures.information_ratio,
        measures.var_95,
        measures.var_99,
        measures.expected_shortfall_95,
        measures.expected_shortfall_99,
        measures.parametric_var_95,
        measures.parametric_var_99,
        measures.parametric_expected_shortfall_95,
        measures.parametric_expected_shortfall_99,
        concentrations.concentration,
        concentrations.largest_position
    from series
    inner join portfolios on series.portfolio_id = portfolios.portfolio_id
    left join concentrations on series.portfolio_id = concentrations.portfolio_id
    cross join lateral risk.measures(
        series.returns, series.benchmark_returns, (1.0 + {{ var('risk_free_rate') }}) ^ (1 / 252.0) - 1
    ) as measures

)

select * from final
