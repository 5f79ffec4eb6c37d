-- Who reported to hold an instrument, on the newest day reported unless another is asked for?
-- One row per holder, by name, from after after_holder_name.
create function api.market_holders(
    key_id bigint,
    instrument_id bigint,
    reported date default null,
    after_holder_name text default null,
    page_size bigint default null
)
returns table (
    holder_name text,
    date_reported date,
    source_name text,
    shares numeric,
    value numeric,
    percent_held double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    h.holder_name,
    h.date_reported,
    s.name,
    h.shares,
    h.value,
    h.percent_held
from market.institutional_holders as h
join reference.sources as s on s.source_id = h.source_id
where
    ops.key_may(market_holders.key_id, 'read')
    and h.instrument_id = market_holders.instrument_id
    and h.date_reported = coalesce(
        reported,
        (
            select max(n.date_reported)
            from market.institutional_holders as n
            where n.instrument_id = market_holders.instrument_id
        )
    )
    and (after_holder_name is null or h.holder_name > after_holder_name)
order by h.holder_name
limit page_size
$$;
