-- How far have the feeds come with the bars of these events? Says so in their status.
-- One row per instrument, source and frequency, written in the order of its key so that loads never cross.
insert into ops.instrument_data_status as d (
    instrument_id, source_id, frequency, first_at, last_at, last_success_at
)
select
    b.instrument_id,
    b.source_id,
    b.frequency,
    min(b.bar_at) as first_at,
    max(b.bar_at) as last_at,
    now() as last_success_at
from market.bars as b
where
    b.event_id = any(%(events)s)
    and b.bar_at >= %(first_at)s
    and b.bar_at < %(end_at)s
group by b.instrument_id, b.source_id, b.frequency
order by b.instrument_id, b.source_id, b.frequency
on conflict (instrument_id, source_id, frequency) do update
    set
        first_at = least(d.first_at, excluded.first_at),
        last_at = greatest(d.last_at, excluded.last_at),
        last_success_at = excluded.last_success_at,
        updated_at = now();
