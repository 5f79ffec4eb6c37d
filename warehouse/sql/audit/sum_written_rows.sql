-- How many rows do the events leave in a table? What came less what went, since the log began.
-- One row.
select coalesce(sum(case e.operation when 'insert' then e.row_count else -e.row_count end), 0)::bigint as told
from audit.events as e
where
    e.table_schema = %(table_schema)s
    and e.table_name = %(table_name)s
    and e.operation in ('insert', 'delete');
