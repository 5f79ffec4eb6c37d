-- What time will this transaction's audit events have?
-- One row.
select now() as read_at;
