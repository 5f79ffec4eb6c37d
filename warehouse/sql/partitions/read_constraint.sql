-- Has a table a constraint of that name, and did every row pass it?
-- One row if it has.
select o.convalidated
from pg_catalog.pg_constraint as o
where o.conrelid = to_regclass(%(table)s) and o.conname = %(name)s;
