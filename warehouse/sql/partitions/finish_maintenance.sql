-- When were these tables last seen to?
-- One row per table; the operator's version of the policy stays as it is.
update ops.partition_policy
set maintenance_last_run = now()
where parent_table = any(%(parents)s);
