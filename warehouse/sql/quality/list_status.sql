-- How far has each feed come?
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
where i.symbol = any(coalesce(%(symbols)s::text[], array[i.symbol]))
order by i.symbol, s.name, d.frequency
limit %(most)s;
