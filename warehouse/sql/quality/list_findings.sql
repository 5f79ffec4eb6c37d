-- What is wrong with the data, newest first?
-- One row per finding; the resolved ones only when asked for.
select
    f.finding_id,
    f.check_name,
    f.severity,
    f.relation,
    i.symbol,
    s.name as source,
    f.frequency,
    f.time_from,
    f.time_to,
    f.message,
    f.details,
    f.detected_at,
    f.last_seen_at,
    f.resolution,
    f.resolved_by,
    f.resolution_note
from ops.data_quality_findings as f
left join reference.instruments as i on f.instrument_id = i.instrument_id
left join reference.sources as s on f.source_id = s.source_id
where
    (%(resolved)s or f.resolved_at is null)
    and f.check_name = any(coalesce(%(checks)s::text[], array[f.check_name]))
    and f.severity = any(%(severities)s::text[])
order by f.detected_at desc, f.finding_id desc
limit %(most)s;
