-- Which partitions have an archive in force, and what does it hold?
-- One row per partition with an archive that is neither superseded nor failed.
select
    parent_table as parent,
    partition_name as partition,
    archive_id,
    state,
    verified_at,
    range_from,
    range_to,
    row_count
from ops.archives
where parent_table = any(%(parents)s) and state not in ('superseded', 'failed')
order by parent, partition;
