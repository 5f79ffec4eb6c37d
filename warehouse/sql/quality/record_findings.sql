-- What did the check find? Keeps it: new, or known already and seen once more.
-- One row per finding, whether it is new. What was accepted with the same figures stays accepted.
insert into ops.data_quality_findings as f (
    check_name, severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
select
    %(check_name)s,
    q.severity,
    q.relation,
    q.instrument_id,
    q.source_id,
    q.frequency,
    q.time_from,
    q.time_to,
    q.message,
    q.details
from quality_found as q
where
    not exists (
        select
        from ops.data_quality_findings as a
        where
            a.check_name = %(check_name)s
            and a.relation = q.relation
            and a.instrument_id is not distinct from q.instrument_id
            and a.source_id is not distinct from q.source_id
            and a.frequency is not distinct from q.frequency
            and a.time_from is not distinct from q.time_from
            and a.resolution in ('accepted', 'false_alarm')
            and a.details = q.details
    )
on conflict (check_name, relation, instrument_id, source_id, frequency, time_from)
where resolved_at is null
do update
    set
        severity = excluded.severity,
        time_to = excluded.time_to,
        message = excluded.message,
        details = excluded.details,
        last_seen_at = now(),
        updated_at = now(),
        version = f.version + 1
returning f.xmax = 0 as is_new;
