-- What did a step of the load write to a table? Leaves the audit event that its rows name already.
-- One row; ROW EXCLUSIVE on audit.events.
select audit.record_event(
    table_schema => %(table_schema)s,
    table_name => %(table_name)s,
    operation => %(operation)s,
    row_count => %(row_count)s,
    time_from => %(time_from)s,
    time_to => %(time_to)s,
    account_ids => %(account_ids)s::bigint[],
    instrument_ids => %(instrument_ids)s::bigint[],
    batch_id => %(batch_id)s,
    event_id => %(event_id)s
) as event_id;
