-- What was done to a table's storage, as an audit event of this transaction.
-- One row: the event's key; ROW EXCLUSIVE on audit.events.
select audit.record_event(
    %(table_schema)s, %(table_name)s, %(operation)s, %(row_count)s, %(time_from)s, %(time_to)s
);
