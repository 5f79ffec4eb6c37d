-- Which of the rollups have not read what another one changed?
-- One row per relation; takes no lock. What facts have not been read does not matter: it is nowhere yet.
select r.relation
from ops.rollups as r
where
    r.relation = any(%(relations)s)
    and exists (
        select
        from ops.writes_between(r.snapshot, pg_current_snapshot()) as w
        where w.operation = 'refresh' and w.relation = any(r.sources)
    );
