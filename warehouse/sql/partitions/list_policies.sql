-- How is each partitioned table cut by time?
-- One row per table under a policy.
select
    parent_table,
    control,
    partition_interval,
    premake
from ops.partition_policy
order by parent_table;
