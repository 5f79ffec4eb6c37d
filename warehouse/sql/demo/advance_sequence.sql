-- Where does a table's key go on after rows that brought their own? Never moves the sequence back.
-- One row; takes no lock.
select setval(sequence, greatest(%(highest)s::bigint, nextval(sequence)))
from pg_get_serial_sequence(%(relation_name)s, %(column_name)s) as sequence;
