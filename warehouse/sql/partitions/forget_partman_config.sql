-- From here on pg_partman leaves a table alone.
-- One row; waits for a maintenance run of pg_partman; needs search_path on its schema.
delete from part_config
where
    parent_table = %(parent)s
    and pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('pg_partman run_maintenance')) is not null;
