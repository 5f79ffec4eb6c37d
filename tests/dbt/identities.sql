-- By how much do the marts contradict each other?
-- One row per identity; all of the first account's money but flows is in its own currency.
with newest as (
    select *
    from rollups.portfolio_value_daily
    where account_id = 1
    order by value_day desc
    limit 1
),

closed as (
    select
        sum(r.average_pnl) as pnl,
        (
            array_agg(r.quantity * r.average_price * r.multiplier order by (r.executed_at, r.trade_id) desc)
        )[1] as open_cost
    from rollups.realized_pnl as r
    where r.account_id = 1
    group by r.instrument_id
),

spread as (
    select
        dimension,
        sum(long_exposure) as long_exposure,
        sum(short_exposure) as short_exposure
    from marts.portfolio_exposure
    group by dimension
)

select
    'what was made is profit and loss, income and charges' as identity,
    newest.equity
    - (select sum(external_flow) from rollups.portfolio_value_daily where account_id = 1)
    - (select sum(amount) from marts.account_income_fees where account_id = 1)
    - (select sum(pnl - coalesce(open_cost, 0)) from closed)
    - newest.market_value as difference
from newest
union all
select
    'income and charges are the cash that is no flow and no price' as identity,
    (select sum(amount) from marts.account_income_fees)
    - (select sum(other_income) from rollups.cash_daily)
    + (select sum(commission + fees) from rollups.trade_flows_daily) as difference
union all
select
    'exposure by ' || spread.dimension || ' is the portfolio''s' as identity,
    abs(spread.long_exposure - s.long_exposure) + abs(spread.short_exposure - s.short_exposure) as difference
from spread
cross join marts.portfolio_summary as s
union all
select
    'what orders were filled with is in their execution' as identity,
    (select sum(notional) from marts.execution_quality)
    - (
        select sum(t.quantity * t.price * i.multiplier)
        from trading.effective_trades as t
        inner join reference.instruments as i on t.instrument_id = i.instrument_id
        where t.order_id is not null
    ) as difference
union all
select
    'every event is counted' as identity,
    (select sum(event_count) from marts.audit_summary)
    - (select count(*) from audit.events where operation <> 'refresh') as difference
