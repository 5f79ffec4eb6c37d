-- Whose transaction has been open the longest, that a concurrent build would wait for?
-- One row, or none where nobody else has one open.
select
    pid,
    usename,
    coalesce(nullif(application_name, ''), 'a program without a name') as application,
    xact_start
from pg_catalog.pg_stat_activity
where
    datname = pg_catalog.current_database()
    and pid <> pg_catalog.pg_backend_pid()
    and xact_start is not null
order by xact_start
limit 1;
