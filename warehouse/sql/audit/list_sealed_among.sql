-- Which of these events are sealed already?
-- One row per such event; looks only at seals that reach into the range of their ids.
select t.event_id
from audit.seals as s
cross join lateral unnest(s.event_ids) as t (event_id)
where
    s.last_event_id >= %(low)s and s.first_event_id <= %(high)s
    and t.event_id = any(%(event_ids)s);
