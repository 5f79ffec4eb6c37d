-- How is each partitioned table cut by time, and from when on are its partitions kept?
-- One row per table under a policy, in the order they are seen to.
select
    parent_table,
    control,
    partition_interval,
    premake,
    retention,
    retention_schema,
    retention_keep_table,
    retention_keep_index,
    retention_keep_publication,
    infinite_time_partitions,
    automatic_maintenance = 'on' as automatic_maintenance,
    -- A month is taken off the calendar in UTC, whatever the session's zone.
    (%(now)s at time zone 'UTC' - retention::interval) at time zone 'UTC' as keep_from
from ops.partition_policy
order by maintenance_order nulls last, parent_table;
