-- What was traded and is open in the options on underlyings, on their newest session?
-- One row per underlying with quoted options, by key, from after after_underlying_id.
create function api.option_volume(
    key_id bigint,
    underlying_id bigint[] default null,
    after_underlying_id bigint default null,
    page_size bigint default null
)
returns table (
    underlying_id bigint,
    underlying_symbol text,
    source_name text,
    volume_day date,
    contract_count bigint,
    call_volume numeric,
    put_volume numeric,
    call_open_interest numeric,
    put_open_interest numeric,
    put_call_ratio double precision,
    put_call_open_interest_ratio double precision,
    average_volume_20 double precision,
    relative_volume double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.underlying_id,
    m.underlying_symbol,
    m.source_name,
    m.volume_day,
    m.contract_count,
    m.call_volume,
    m.put_volume,
    m.call_open_interest,
    m.put_open_interest,
    m.put_call_ratio,
    m.put_call_open_interest_ratio,
    m.average_volume_20,
    m.relative_volume
from marts.option_volume as m
where
    ops.key_may(option_volume.key_id, 'read')
    and (option_volume.underlying_id is null or m.underlying_id = any(option_volume.underlying_id))
    and (after_underlying_id is null or m.underlying_id > after_underlying_id)
order by m.underlying_id
limit page_size
$$;
