-- What did an account's orders cost against the market, month by month?
-- One row per month and instrument, oldest first, from after (after_period_start, after_instrument_id).
create function api.account_execution(
    key_id bigint,
    account text,
    instrument_id bigint default null,
    from_day date default null,
    to_day date default null,
    after_period_start date default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    period_start date,
    instrument_id bigint,
    currency text,
    order_count bigint,
    filled_count bigint,
    cancelled_count bigint,
    rejected_count bigint,
    fill_count bigint,
    notional numeric,
    charges numeric,
    arrival_notional numeric,
    arrival_cost numeric,
    market_notional numeric,
    market_cost numeric,
    missed_notional numeric,
    missed_cost numeric,
    shortfall numeric,
    arrival_slippage_bps double precision,
    vwap_slippage_bps double precision,
    shortfall_bps double precision,
    fees_bps double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.period_start,
    m.instrument_id,
    m.currency,
    m.order_count,
    m.filled_count,
    m.cancelled_count,
    m.rejected_count,
    m.fill_count,
    m.notional,
    m.charges,
    m.arrival_notional,
    m.arrival_cost,
    m.market_notional,
    m.market_cost,
    m.missed_notional,
    m.missed_cost,
    m.shortfall,
    m.arrival_slippage_bps,
    m.vwap_slippage_bps,
    m.shortfall_bps,
    m.fees_bps
from marts.execution_quality as m
where
    m.account_id = (
        select v.account_id
        from ops.visible_accounts(account_execution.key_id) as v
        where v.account_hash = account_execution.account
    )
    and (account_execution.instrument_id is null or m.instrument_id = account_execution.instrument_id)
    -- Not before the cursor, so that a page begins where the last one ended.
    and m.period_start >= coalesce(greatest(from_day, after_period_start), '-infinity')
    and m.period_start < coalesce(to_day, 'infinity')
    and (
        after_period_start is null
        or (m.period_start, m.instrument_id) > (after_period_start, after_instrument_id)
    )
order by m.period_start, m.instrument_id
limit page_size
$$;
