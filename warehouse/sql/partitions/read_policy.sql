-- What may an operator change of a table's policy, and how does it stand?
-- One row, locked until the transaction ends.
select
    partition_interval,
    premake,
    automatic_maintenance,
    retention,
    retention_schema,
    retention_keep_table,
    retention_keep_index,
    retention_keep_publication,
    infinite_time_partitions,
    datetime_string,
    maintenance_order
from ops.partition_policy
where parent_table = %(parent_table)s
for update;
