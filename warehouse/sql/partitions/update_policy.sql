-- Change a table's policy, and leave an event of it with the row as it was and as it is.
-- One row: the policy's new version.
with was as (
    select * from ops.partition_policy
    where parent_table = %(parent_table)s
),

changed as (
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
    returning *
)

select
    c.version,
    audit.record_event(
        'ops', 'partition_policy', 'update', 1, account_ids => '{}', instrument_ids => '{}',
        images => jsonb_build_array(
            jsonb_build_object('key', c.parent_table, 'before', to_jsonb(w), 'after', to_jsonb(c))
        )
    ) as event_id
from changed as c
inner join was as w on c.parent_table = w.parent_table;
