-- Changes a table's policy.
-- One row: the policy's new version.
update ops.partition_policy
set
    partition_interval = %(partition_interval)s,
    premake = %(premake)s,
    automatic_maintenance = %(automatic_maintenance)s,
    retention = %(retention)s,
    retention_schema = %(retention_schema)s,
    retention_keep_table = %(retention_keep_table)s,
    retention_keep_index = %(retention_keep_index)s,
    retention_keep_publication = %(retention_keep_publication)s,
    infinite_time_partitions = %(infinite_time_partitions)s,
    datetime_string = %(datetime_string)s,
    maintenance_order = %(maintenance_order)s,
    version = version + 1,
    updated_at = now()
where parent_table = %(parent_table)s
returning version;
