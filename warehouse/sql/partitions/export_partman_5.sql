-- Hands tables to pg_partman 5.1 or later as their policies say, except that it must never retire.
-- One row per table; needs search_path on pg_partman's schema.
insert into part_config (
    parent_table,
    control,
    partition_interval,
    partition_type,
    premake,
    automatic_maintenance,
    template_table,
    retention,
    retention_schema,
    retention_keep_index,
    retention_keep_table,
    retention_keep_publication,
    epoch,
    constraint_cols,
    infinite_time_partitions,
    datetime_string,
    jobmon,
    undo_in_progress,
    inherit_privileges,
    constraint_valid,
    ignore_default_data,
    default_table,
    date_trunc_interval,
    maintenance_order
)
select
    parent_table,
    control,
    partition_interval,
    'range' as partition_type,
    premake,
    automatic_maintenance,
    null as template_table,
    null as retention, -- only what has passed every gate is retired, and pg_partman knows of none
    null as retention_schema,
    true as retention_keep_index,
    true as retention_keep_table,
    true as retention_keep_publication,
    'none' as epoch,
    null as constraint_cols,
    infinite_time_partitions,
    datetime_string,
    false as jobmon,
    false as undo_in_progress,
    false as inherit_privileges,
    true as constraint_valid,
    true as ignore_default_data,
    false as default_table, -- it would forbid DETACH CONCURRENTLY and hide rows that miss
    -- Without it pg_partman would begin a week or a quarter on any day.
    coalesce(
        date_trunc_interval,
        case partition_interval when '1 week' then 'week' when '3 months' then 'quarter' end
    ) as date_trunc_interval,
    maintenance_order
from ops.partition_policy
where parent_table = any(%(parents)s)
on conflict (parent_table) do update set
    control = excluded.control,
    partition_interval = excluded.partition_interval,
    partition_type = excluded.partition_type,
    premake = excluded.premake,
    automatic_maintenance = excluded.automatic_maintenance,
    template_table = excluded.template_table,
    retention = excluded.retention,
    retention_schema = excluded.retention_schema,
    retention_keep_index = excluded.retention_keep_index,
    retention_keep_table = excluded.retention_keep_table,
    retention_keep_publication = excluded.retention_keep_publication,
    epoch = excluded.epoch,
    constraint_cols = excluded.constraint_cols,
    infinite_time_partitions = excluded.infinite_time_partitions,
    datetime_string = excluded.datetime_string,
    jobmon = excluded.jobmon,
    undo_in_progress = excluded.undo_in_progress,
    inherit_privileges = excluded.inherit_privileges,
    constraint_valid = excluded.constraint_valid,
    ignore_default_data = excluded.ignore_default_data,
    default_table = excluded.default_table,
    date_trunc_interval = excluded.date_trunc_interval,
    maintenance_order = excluded.maintenance_order;
