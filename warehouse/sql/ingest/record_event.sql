-- What did the load write past the triggers of the parent? Leaves the event that its rows name.
-- One row.
select
    audit.record_event(
        table_schema => %(schema)s,
        table_name => %(table)s,
        operation => 'insert',
        row_count => %(row_count)s,
        time_from => %(time_from)s,
        time_to => %(time_to)s,
        account_ids => %(account_ids)s::bigint[],
        instrument_ids => %(instrument_ids)s::bigint[],
        batch_id => %(batch_id)s,
        event_id => %(event_id)s
    ) as event_id;
