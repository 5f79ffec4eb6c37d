-- Which keys are free for rows to come?
-- One row; a million keys as rows of their own would take the driver seconds.
with keys as materialized (
    select pg_get_serial_sequence(%(table_name)s, %(column_name)s)::regclass as sequence_name
)

select array_agg(nextval(k.sequence_name)) as keys
from keys as k
cross join generate_series(1, %(rows)s);
