-- In which seal is an event?
-- One row, none where it is not sealed; by index on the highest event of a seal.
select s.seal_id
from audit.seals as s
where s.last_event_id >= %(event_id)s and s.first_event_id <= %(event_id)s and %(event_id)s = any(s.event_ids)
order by s.last_event_id
limit 1;
