-- Which of these partitions hold rows whose events are not sealed yet, where the log is sealed at all?
-- One row per partition; only events past the sealer's xmin are read.
select
    c.parent,
    c.name
from
    unnest(%(parents)s::text[], %(names)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as c (parent, name, starts_at, ends_at)
inner join ops.cursors as s on s.consumer = 'seal' and s.snapshot is not null
where
    exists (
        select
        from audit.events_between(s.snapshot, pg_current_snapshot()) as e
        where
            e.table_schema = split_part(c.parent, '.', 1)
            and e.table_name = split_part(c.parent, '.', 2)
            and e.operation in ('insert', 'update', 'delete')
            and (e.time_from is null or (e.time_from < c.ends_at and e.time_to > c.starts_at))
    );
