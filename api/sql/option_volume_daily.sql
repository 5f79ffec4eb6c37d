-- What was traded and was open in the options on an underlying, day by day?
-- One row per day and expiration, oldest first, from after (after_volume_day, after_expiration_date).
create function api.option_volume_daily(
    key_id bigint,
    underlying_id bigint,
    from_day date default null,
    to_day date default null,
    after_volume_day date default null,
    after_expiration_date date default null,
    page_size bigint default null
)
returns table (
    volume_day date,
    expiration_date date,
    contract_count bigint,
    call_volume numeric,
    put_volume numeric,
    call_open_interest numeric,
    put_open_interest numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.volume_day,
    m.expiration_date,
    sum(m.contract_count)::bigint,
    sum(m.call_volume),
    sum(m.put_volume),
    sum(m.call_open_interest),
    sum(m.put_open_interest)
from rollups.option_volume_daily as m
where
    ops.key_may(option_volume_daily.key_id, 'read')
    and m.instrument_id = option_volume_daily.underlying_id
    and m.volume_day >= coalesce(from_day, '-infinity')
    and m.volume_day < coalesce(to_day, 'infinity')
    and (
        after_volume_day is null
        or (m.volume_day, m.expiration_date) > (after_volume_day, after_expiration_date)
    )
group by m.volume_day, m.expiration_date
order by m.volume_day, m.expiration_date
limit page_size
$$;
