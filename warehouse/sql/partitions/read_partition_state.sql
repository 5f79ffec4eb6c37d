-- Is this table a partition of that one, and is its detach pending?
-- One row if it is attached.
select i.inhdetachpending as pending
from pg_catalog.pg_inherits as i
where i.inhrelid = to_regclass(%(partition)s) and i.inhparent = to_regclass(%(parent)s);
