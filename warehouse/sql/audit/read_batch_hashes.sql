-- Which leaves has the tree of the log?
-- One row: the hashes of all batches in order, end to end; null where nothing is sealed.
select string_agg(s.batch_hash, '' order by s.seal_id) as batch_hashes
from audit.seals as s;
