-- What is known of an archive?
-- One row by its key, or the one in force of a partition.
select
    archive_id,
    parent_table as parent,
    partition_name as partition,
    range_from,
    range_to,
    location,
    manifest,
    row_count,
    byte_count,
    state,
    error,
    verified_at,
    restored_at
from ops.archives
where
    archive_id = %(archive_id)s
    or (
        parent_table = %(parent)s and partition_name = %(partition)s
        and state not in ('superseded', 'failed')
    );
