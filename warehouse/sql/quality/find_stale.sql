-- Which feeds have had nothing for more sessions of their exchange than they may?
-- One row per feed. Reads the feeds' status and the calendar, no fact; the window only ends it.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
select
    case when m.sessions > 5 then 'error' else 'warning' end as severity,
    'market.bars' as relation,
    d.instrument_id,
    d.source_id,
    d.frequency,
    d.last_at as time_from,
    null as time_to,
    format('nothing since %%s, %%s sessions ago', d.last_at, m.sessions)
    || case
        when d.last_error_at > coalesce(d.last_success_at, '-infinity')
            then '; last error: ' || d.last_error
        else ''
    end as message,
    -- Not how long ago: an accepted silence would be told anew each day.
    jsonb_build_object('last_at', d.last_at) as details
from ops.instrument_data_status as d
inner join reference.instruments as i on d.instrument_id = i.instrument_id
inner join reference.sources as s on d.source_id = s.source_id
cross join
    lateral (
        select count(*) as sessions
        from reference.trading_days as t
        where t.exchange = i.exchange and t.opens_at > d.last_at and t.closes_at <= %(until)s
    ) as m
where i.is_active and s.is_active and m.sessions > %(stale_sessions)s;
