-- How far have the feeds come with the bars of these events and with those seen? Says so in their status.
-- One row per instrument, source and frequency, written in the order of its key so that loads never cross.
insert into ops.instrument_data_status as d (
    instrument_id, source_id, frequency, first_at, last_at, last_success_at
)
select
    b.instrument_id,
    b.source_id,
    b.frequency,
    min(b.first_at) as first_at,
    max(b.last_at) as last_at,
    now() as last_success_at
from (
    select
        s.instrument_id,
        s.source_id,
        s.frequency,
        s.first_at,
        s.last_at
    from
        unnest(
            %(instrument_id)s::bigint[], %(source_id)s::bigint[], %(frequency)s::text[],
            %(seen_from)s::timestamptz[], %(seen_to)s::timestamptz[]
        ) as s (instrument_id, source_id, frequency, first_at, last_at)
    union all
    select
        w.instrument_id,
        w.source_id,
        w.frequency,
        w.bar_at as first_at,
        w.bar_at as last_at
    from market.bars as w
    where
        w.event_id = any(%(events)s::bigint[])
        and w.bar_at >= %(first_at)s
        and w.bar_at < %(end_at)s
) as b
group by b.instrument_id, b.source_id, b.frequency
order by b.instrument_id, b.source_id, b.frequency
on conflict (instrument_id, source_id, frequency) do update
    set
        first_at = least(d.first_at, excluded.first_at),
        last_at = greatest(d.last_at, excluded.last_at),
        last_success_at = excluded.last_success_at,
        updated_at = now();
