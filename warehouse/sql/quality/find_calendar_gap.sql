-- In which sessions of its exchange does a feed have no bar, and where are there holes within a session?
-- One row per feed and run of sessions, or hole. Reads the bars from 30 days before the window, by their key.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
with feeds as (
    select
        d.instrument_id,
        d.source_id,
        d.frequency,
        i.exchange,
        greatest(d.first_at, i.listed_at) as first_at,
        least(d.last_at, i.delisted_at) as last_at
    from ops.instrument_data_status as d
    inner join reference.instruments as i on d.instrument_id = i.instrument_id
    where d.frequency <> '1w' and d.first_at < %(until)s and d.last_at >= %(since)s
),

sessions as (
    select
        t.exchange,
        t.day,
        t.opens_at,
        t.closes_at,
        -- A daily bar may be stamped with midnight, so a session's time begins where the last one ended.
        coalesce(lag(t.closes_at) over before, t.opens_at - interval '1 day') as begins_at,
        row_number() over before as place
    from reference.trading_days as t
    where t.closes_at > %(since)s - interval '30 days' and t.closes_at <= %(until)s
    window before as (partition by t.exchange order by t.day)
),

missed as (
    select
        f.instrument_id,
        f.source_id,
        f.frequency,
        s.day,
        s.opens_at,
        s.closes_at,
        s.place - row_number() over (
            partition by f.instrument_id, f.source_id, f.frequency
            order by s.place
        ) as run
    from feeds as f
    inner join sessions as s
        on f.exchange = s.exchange and f.first_at < s.opens_at and f.last_at >= s.closes_at
    where not exists (
        select
        from market.bars as b
        where
            b.instrument_id = f.instrument_id
            and b.frequency = f.frequency
            and b.source_id = f.source_id
            and b.bar_at >= s.begins_at
            and b.bar_at < s.closes_at
            and b.bar_at >= %(since)s - interval '40 days'
            and b.bar_at < %(until)s
    )
),

steps as (
    select *
    from (
        values
        ('1m', interval '1 minute'),
        ('5m', interval '5 minutes'),
        ('15m', interval '15 minutes'),
        ('30m', interval '30 minutes'),
        ('1h', interval '1 hour')
    ) as v (frequency, length)
),

spaced as (
    select
        b.instrument_id,
        b.source_id,
        b.frequency,
        lag(b.bar_at) over (
            partition by b.instrument_id, b.source_id, b.frequency
            order by b.bar_at
        ) + p.length as time_from,
        b.bar_at as time_to,
        p.length * %(hole_bars)s as longest
    from market.bars as b
    inner join steps as p on b.frequency = p.frequency
    where b.bar_at >= %(since)s and b.bar_at < %(until)s
)

select
    case when count(*) > 5 then 'error' else 'warning' end as severity,
    'market.bars' as relation,
    m.instrument_id,
    m.source_id,
    m.frequency,
    min(m.opens_at) as time_from,
    max(m.closes_at) as time_to,
    format('%%s sessions without a bar, %%s to %%s', count(*), min(m.day), max(m.day)) as message,
    jsonb_build_object('sessions', count(*), 'first', min(m.day), 'last', max(m.day)) as details
from missed as m
group by m.instrument_id, m.source_id, m.frequency, m.run
having max(m.closes_at) > %(since)s
union all
select
    'warning' as severity,
    'market.bars' as relation,
    h.instrument_id,
    h.source_id,
    h.frequency,
    h.time_from,
    h.time_to,
    format('no bar for %%s of a session', h.time_to - h.time_from) as message,
    jsonb_build_object('length', h.time_to - h.time_from) as details
from spaced as h
inner join reference.instruments as i on h.instrument_id = i.instrument_id
inner join reference.trading_days as t
    on i.exchange = t.exchange and h.time_from > t.opens_at and h.time_to < t.closes_at
where h.time_to - h.time_from > h.longest;
