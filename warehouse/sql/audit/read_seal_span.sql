-- Which seals are there from a moment on?
-- One row: the first that holds an event of it or of later, null where none does, and the newest.
select
    min(s.seal_id) filter (where %(since)s::timestamptz is null or s.last_occurred_at >= %(since)s) as first,
    coalesce(max(s.seal_id), 0) as last
from audit.seals as s;
