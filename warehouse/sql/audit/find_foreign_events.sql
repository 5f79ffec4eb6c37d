-- Does the log, or one of its readers, know a transaction that this server has not come to?
-- One row; if so, the log was written on another server.
with known as (
    select max(e.xid) as newest from audit.events as e
    union all
    select max(pg_snapshot_xmax(c.snapshot)) as newest from ops.cursors as c
    union all
    select max(pg_snapshot_xmax(r.snapshot)) as newest from ops.rollups as r
)

select coalesce(bool_or(k.newest > pg_snapshot_xmax(pg_current_snapshot())), false) as is_foreign
from known as k;
