-- Has each event of a change its images, and each image its event?
-- One row per event where not. Reads all changes and images of the time, and locks nothing.
with told as (
    select
        e.event_id,
        e.table_schema || '.' || e.table_name as relation,
        case
            when e.operation <> 'insert' or e.table_schema || '.' || e.table_name = any(%(records)s)
                then e.row_count
            else 0
        end as row_count
    from audit.events as e
    where
        e.operation in ('insert', 'update', 'delete')
        and e.table_schema || '.' || e.table_name = any(%(tables)s)
        and not (e.occurred_at <@ %(images_retired)s::tstzmultirange)
        and (%(first)s::bigint is null or e.event_id >= %(first)s)
),

imaged as (
    select
        i.event_id,
        i.table_schema || '.' || i.table_name as relation,
        -- A changed key leaves two: what went, and what came.
        coalesce(nullif(count(i.before), 0), count(*)) as row_count
    from audit.images as i
    where
        i.table_schema || '.' || i.table_name = any(%(tables)s)
        and not (i.occurred_at <@ %(events_retired)s::tstzmultirange)
        and (%(first)s::bigint is null or i.event_id >= %(first)s)
    group by i.event_id, i.table_schema || '.' || i.table_name
)

select
    coalesce(t.relation, i.relation) as relation,
    coalesce(t.event_id, i.event_id) as event_id,
    t.event_id is null as is_unknown,
    greatest(coalesce(t.row_count, 0) - coalesce(i.row_count, 0), 0) as missing,
    greatest(coalesce(i.row_count, 0) - coalesce(t.row_count, 0), 0) as extra
from told as t
full join imaged as i on t.event_id = i.event_id and t.relation = i.relation
where coalesce(t.row_count, 0) <> coalesce(i.row_count, 0)
