-- Is there anything below the materialized view that it has not read?
-- One row.
select ops.matview_is_behind(%(relation)s);
