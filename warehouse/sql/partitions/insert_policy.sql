-- Puts a table that was taken over under a policy, and leaves an event of it.
-- One row, or none where it has a policy already: that one is the operator's.
with made as (
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
    returning *
)

select
    audit.record_event(
        'ops', 'partition_policy', 'insert', 1, account_ids => '{}', instrument_ids => '{}',
        images => jsonb_build_array(
            jsonb_build_object('key', made.parent_table, 'before', null, 'after', to_jsonb(made))
        )
    ) as event_id
from made;
