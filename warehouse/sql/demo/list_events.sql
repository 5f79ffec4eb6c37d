-- Which events did this transaction leave, for the load that it files?
-- One row per event.
select event_id
from audit.events
where xid = pg_current_xact_id() and batch_id = %(batch_id)s
order by event_id;
