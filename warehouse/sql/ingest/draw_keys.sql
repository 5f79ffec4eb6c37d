-- Which keys are free for rows to come?
-- One row, all of them in one string of octets: as values of their own they would take the driver seconds.
with keys as materialized (
    select pg_get_serial_sequence(%(table_name)s, %(column_name)s)::regclass as sequence_name
)

select string_agg(int8send(nextval(k.sequence_name)), '') as keys
from keys as k
cross join generate_series(1, %(rows)s);
