-- Where do the sources of an instrument tell closes that differ by more than the tolerance?
-- One row per instrument, frequency and UTC day. Reads bars of instruments with several sources, and marks.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
with shared as (
    select
        d.instrument_id,
        d.frequency
    from ops.instrument_data_status as d
    where d.last_at >= %(since)s and d.first_at < %(until)s
    group by d.instrument_id, d.frequency
    having count(*) > 1
),

told as (
    select
        'market.bars' as relation,
        b.instrument_id,
        b.frequency,
        date_trunc('day', b.bar_at, 'UTC') as day_from,
        min(b.close) as low,
        max(b.close) as high
    from shared as s
    inner join market.bars as b on s.instrument_id = b.instrument_id and s.frequency = b.frequency
    where b.bar_at >= %(since)s and b.bar_at < %(until)s and not b.is_empty
    group by b.instrument_id, b.frequency, b.bar_at
    union all
    select
        'reference.daily_marks' as relation,
        m.instrument_id,
        null as frequency,
        m.day::timestamp at time zone 'UTC' as day_from,
        min(m.close) as low,
        max(m.close) as high
    from reference.daily_marks as m
    where m.day >= (%(since)s at time zone 'UTC')::date and m.day < (%(until)s at time zone 'UTC')::date
    group by m.instrument_id, m.day
)

select
    case when max(t.high / t.low - 1) > 10 * %(tolerance)s then 'error' else 'warning' end as severity,
    t.relation,
    t.instrument_id,
    null as source_id,
    t.frequency,
    t.day_from as time_from,
    t.day_from + interval '1 day' as time_to,
    format(
        'the sources differ on %%s closes, by up to %%s %%%%',
        count(*),
        round(100 * max(t.high / t.low - 1), 2)
    ) as message,
    jsonb_build_object('closes', count(*), 'worst', round(max(t.high / t.low - 1), 6)) as details
from told as t
where t.high / t.low - 1 > %(tolerance)s
group by t.relation, t.instrument_id, t.frequency, t.day_from;
