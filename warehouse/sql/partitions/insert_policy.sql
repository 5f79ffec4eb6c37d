-- Puts a table that was taken over under a policy.
-- One row, or none where it has a policy already: that one is the operator's.
insert into ops.partition_policy (
    parent_table, control, partition_interval, premake, automatic_maintenance,
    retention, retention_schema, retention_keep_table, retention_keep_index,
    retention_keep_publication, infinite_time_partitions, datetime_string, maintenance_order
) values (
    %(parent_table)s, %(control)s, %(partition_interval)s, %(premake)s, %(automatic_maintenance)s,
    %(retention)s, %(retention_schema)s, %(retention_keep_table)s, %(retention_keep_index)s,
    %(retention_keep_publication)s, %(infinite_time_partitions)s, %(datetime_string)s,
    %(maintenance_order)s
)
on conflict (parent_table) do nothing
returning parent_table;
