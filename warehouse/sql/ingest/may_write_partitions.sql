-- May this session act as the owner of the partitions, and switch row triggers off?
-- One row.
select
    pg_has_role(current_user, %(owner)s, 'member')
    and has_parameter_privilege('session_replication_role', 'set') as may_write_partitions;
