-- Which ranges of which tables stand in an archive and not in their table, and how many rows are in it?
-- One row per partition that was archived and retired.
select
    a.parent_table,
    a.range_from,
    a.range_to,
    a.row_count
from ops.archives as a
where
    a.state in ('verified', 'restored')
    and not exists (
        select from pg_inherits as i
        inner join pg_class as c on i.inhrelid = c.oid
        where
            i.inhparent = to_regclass(a.parent_table)
            and c.relname = split_part(a.partition_name, '.', 2)
    )
order by a.parent_table, a.range_from;
