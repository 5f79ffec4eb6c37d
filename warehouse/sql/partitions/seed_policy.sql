-- What policy does a table start with?
-- One row, unless the table has a policy already: that one is the operator's.
insert into ops.partition_policy (
    parent_table, control, partition_interval, premake, retention, datetime_string
) values (
    %(parent_table)s, %(control)s, %(partition_interval)s, %(premake)s, %(retention)s, %(datetime_string)s
)
on conflict (parent_table) do nothing;
