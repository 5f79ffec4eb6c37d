-- What is wrong with the data?
-- One row per finding, newest first, from after (after_detected_at, after_finding_id).
create function api.data_quality(
    key_id bigint,
    check_name text default null,
    instrument_id bigint default null,
    open boolean default null,
    after_detected_at timestamptz default null,
    after_finding_id bigint default null,
    page_size bigint default null
)
returns table (
    detected_at timestamptz,
    finding_id bigint,
    check_name text,
    severity text,
    relation text,
    instrument_id bigint,
    symbol text,
    frequency text,
    time_from timestamptz,
    time_to timestamptz,
    message text,
    last_seen_at timestamptz,
    resolution text,
    resolved_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    f.detected_at,
    f.finding_id,
    f.check_name,
    f.severity,
    f.relation,
    f.instrument_id,
    i.symbol,
    f.frequency,
    f.time_from,
    f.time_to,
    f.message,
    f.last_seen_at,
    f.resolution,
    f.resolved_at
from ops.data_quality_findings as f
left join reference.instruments as i on i.instrument_id = f.instrument_id
where
    ops.key_may(data_quality.key_id, 'read')
    -- Facts of accounts are told to those who see every account.
    and (
        f.relation not like 'trading.%' and f.relation not like 'portfolio.%'
        or exists (
            select from ops.api_grants as g
            where g.api_key_id = data_quality.key_id and g.is_all
        )
    )
    and (data_quality.check_name is null or f.check_name = data_quality.check_name)
    and (data_quality.instrument_id is null or f.instrument_id = data_quality.instrument_id)
    and (data_quality.open is null or (f.resolved_at is null) = data_quality.open)
    and (
        after_detected_at is null
        or (f.detected_at, f.finding_id) < (after_detected_at, after_finding_id)
    )
order by f.detected_at desc, f.finding_id desc
limit page_size
$$;
