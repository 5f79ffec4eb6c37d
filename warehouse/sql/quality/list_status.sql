-- How far has each feed come, or which has had an error since data last came?
-- One row per instrument, source and frequency.
select
    i.symbol,
    s.name as source,
    d.frequency,
    d.first_at,
    d.last_at,
    d.last_success_at,
    d.last_error_at,
    d.last_error
from ops.instrument_data_status as d
inner join reference.instruments as i on d.instrument_id = i.instrument_id
inner join reference.sources as s on d.source_id = s.source_id
where
    i.symbol = any(coalesce(%(symbols)s::text[], array[i.symbol]))
    and (not %(failing)s or d.last_error_at > coalesce(d.last_success_at, '-infinity'))
order by i.symbol, s.name, d.frequency
limit %(most)s;
