-- From when to when are there events within what is asked for?
-- One row, null where there are none; by the two ends of an index.
select
    min(e.occurred_at) as first_at,
    max(e.occurred_at) as last_at
from audit.events as e
where
    (%(since)s::timestamptz is null or e.occurred_at >= %(since)s)
    and (%(until)s::timestamptz is null or e.occurred_at < %(until)s)
