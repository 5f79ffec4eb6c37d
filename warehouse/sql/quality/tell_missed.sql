-- Which feeds lack rows that a load turned away, and why? Says so in their status.
-- One row per instrument, source and frequency, written in the order of its key so that loads never cross.
insert into ops.instrument_data_status (
    instrument_id, source_id, frequency, last_error_at, last_error
)
select
    i.instrument_id,
    %(source)s as source_id,
    m.frequency,
    now() as last_error_at,
    m.reason as last_error
from
    unnest(
        %(symbols)s::text[], %(frequencies)s::text[], %(reasons)s::text[]
    ) as m (symbol, frequency, reason)
inner join reference.instruments as i on m.symbol = i.symbol and i.delisted_at is null
order by i.instrument_id, m.frequency
on conflict (instrument_id, source_id, frequency) do update
    set
        last_error_at = excluded.last_error_at,
        last_error = excluded.last_error,
        updated_at = now();
