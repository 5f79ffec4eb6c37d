-- How much of instruments do institutions report to hold, and how did that change?
-- One row per instrument with a report, by key, from after after_instrument_id.
create function api.market_ownership(
    key_id bigint,
    instrument_id bigint[] default null,
    sector text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    instrument_id bigint,
    symbol text,
    company_name text,
    sector text,
    source_name text,
    date_reported date,
    holder_count bigint,
    shares numeric,
    value numeric,
    percent_held double precision,
    largest_holder text,
    largest_shares numeric,
    largest_share double precision,
    previous_date_reported date,
    holder_count_change bigint,
    shares_change numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.instrument_id,
    m.symbol,
    m.company_name,
    m.sector,
    m.source_name,
    m.date_reported,
    m.holder_count,
    m.shares,
    m.value,
    m.percent_held,
    m.largest_holder,
    m.largest_shares,
    m.largest_share,
    m.previous_date_reported,
    m.holder_count_change,
    m.shares_change
from marts.institutional_ownership as m
where
    ops.key_may(market_ownership.key_id, 'read')
    and (market_ownership.instrument_id is null or m.instrument_id = any(market_ownership.instrument_id))
    and (market_ownership.sector is null or m.sector = market_ownership.sector)
    and (after_instrument_id is null or m.instrument_id > after_instrument_id)
order by m.instrument_id
limit page_size
$$;
