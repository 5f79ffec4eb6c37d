-- What was the root of the sealed log last?
-- One row, none where nothing was sealed.
select encode(s.log_root, 'hex') as log_root
from audit.seals as s
order by s.seal_id desc
limit 1;
