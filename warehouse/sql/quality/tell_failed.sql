-- Which feeds did a load that failed leave as they were? Says why in their status.
-- One row per feed of the source, of one frequency and symbol if told; locked in the order of its key.
with failed as (
    select
        d.instrument_id,
        d.source_id,
        d.frequency
    from ops.instrument_data_status as d
    inner join reference.instruments as i on d.instrument_id = i.instrument_id
    inner join reference.sources as s on d.source_id = s.source_id
    where
        s.name = %(source)s
        and i.is_active
        and d.frequency = coalesce(%(frequency)s::text, d.frequency)
        and i.symbol = coalesce(%(symbol)s::text, i.symbol)
    order by d.instrument_id, d.source_id, d.frequency
    for update of d
)

update ops.instrument_data_status as d
set
    last_error_at = now(),
    last_error = %(reason)s,
    updated_at = now()
from failed as f
where
    d.instrument_id = f.instrument_id
    and d.source_id = f.source_id
    and d.frequency = f.frequency;
