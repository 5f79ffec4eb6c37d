-- From here on the server checks each row's keys itself, where the load had taken that over.
-- One row, or none where it never had.
select set_config('session_replication_role', 'origin', true) as told
where current_setting('session_replication_role') <> 'origin';
