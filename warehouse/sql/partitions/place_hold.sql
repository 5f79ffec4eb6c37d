-- Hold what lies in a range of a table, and leave an event of it.
-- One row: the hold's key; waits while a drop looks at the holds.
with placed as (
    insert into audit.holds (table_schema, table_name, time_from, time_to, reason, placed_by)
    values (
        %(table_schema)s, %(table_name)s, %(time_from)s, %(time_to)s, %(reason)s,
        coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user)
    )
    returning *
)

select
    p.hold_id,
    audit.record_event(
        'audit', 'holds', 'insert', 1, account_ids => '{}', instrument_ids => '{}',
        images => jsonb_build_array(
            jsonb_build_object('key', p.hold_id::text, 'before', null, 'after', to_jsonb(p))
        )
    ) as event_id
from placed as p;
