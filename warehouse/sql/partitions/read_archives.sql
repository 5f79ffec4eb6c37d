-- Which archives are there, in force or not?
-- One row per archive, newest first.
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
where %(parents)s::text[] is null or parent_table = any(%(parents)s)
order by archive_id desc;
