-- Which event will the rows of the load name? Draws its key; whoever writes the rows records it.
-- One row.
select nextval('audit.events_event_id_seq') as event_id;
