-- Which key will the next audit event have? Drawn ahead, for the rows must name it.
-- One row.
select nextval('audit.events_event_id_seq') as event_id;
