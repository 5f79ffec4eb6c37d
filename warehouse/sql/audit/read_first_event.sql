-- From which key on are the events of a time? An older transaction's keys may lie among them.
-- One row, null where there is none.
select min(event_id) as first_event_id
from audit.events
where occurred_at >= %(since)s;
