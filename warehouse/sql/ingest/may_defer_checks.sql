-- May this session switch row triggers off?
-- One row.
select has_parameter_privilege('session_replication_role', 'set') as may_defer_checks;
