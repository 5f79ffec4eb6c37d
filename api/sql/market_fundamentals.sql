-- What are the newest fundamental figures of instruments?
-- One row per instrument with figures, by key, from after after_instrument_id.
create function api.market_fundamentals(
    key_id bigint,
    instrument_id bigint[] default null,
    sector text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    instrument_id bigint,
    symbol text,
    source_name text,
    as_of date,
    sector text,
    market_cap numeric,
    enterprise_value numeric,
    trailing_pe double precision,
    forward_pe double precision,
    peg_ratio double precision,
    price_to_book double precision,
    price_to_sales double precision,
    profit_margin double precision,
    operating_margin double precision,
    return_on_assets double precision,
    return_on_equity double precision,
    revenue numeric,
    earnings_per_share numeric,
    total_cash numeric,
    total_debt numeric,
    debt_to_equity double precision,
    free_cash_flow numeric,
    revenue_growth double precision,
    earnings_growth double precision,
    beta double precision,
    dividend_yield double precision,
    payout_ratio double precision,
    shares_outstanding numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    f.instrument_id,
    f.symbol,
    f.source_name,
    f.as_of,
    f.sector,
    f.market_cap,
    f.enterprise_value,
    f.trailing_pe,
    f.forward_pe,
    f.peg_ratio,
    f.price_to_book,
    f.price_to_sales,
    f.profit_margin,
    f.operating_margin,
    f.return_on_assets,
    f.return_on_equity,
    f.revenue,
    f.earnings_per_share,
    f.total_cash,
    f.total_debt,
    f.debt_to_equity,
    f.free_cash_flow,
    f.revenue_growth,
    f.earnings_growth,
    f.beta,
    f.dividend_yield,
    f.payout_ratio,
    f.shares_outstanding
from marts.fundamentals_latest as f
where
    ops.key_may(market_fundamentals.key_id, 'read')
    and (market_fundamentals.instrument_id is null or f.instrument_id = any(market_fundamentals.instrument_id))
    and (market_fundamentals.sector is null or f.sector = market_fundamentals.sector)
    and (after_instrument_id is null or f.instrument_id > after_instrument_id)
order by f.instrument_id
limit page_size
$$;
