-- Do the events of a table and its rows agree? `found` counts the rows that name each event.
-- One row per month of events, and one per event that does not agree. Reads all of it, locks nothing.
with told as (
    select
        e.event_id,
        e.occurred_at,
        e.row_count,
        tstzrange(e.time_from, e.time_to) && %(retired)s::tstzmultirange
        or e.occurred_at < %(images_from)s::timestamptz as is_archived
    from audit.events as e
    where
        e.table_schema = %(table_schema)s
        and e.table_name = %(table_name)s
        and e.operation in ('insert', 'update')
        and (%(first)s::bigint is null or e.event_id >= %(first)s)
),

superseded as (
    select
        (i.before ->> 'event_id')::bigint as event_id,
        count(*) as row_count
    from audit.images as i
    where
        i.table_schema = %(table_schema)s
        and i.table_name = %(table_name)s
        and i.before is not null
        and (
            %(first)s::bigint is null
            -- Whoever wrote it may have begun before the time that is looked at.
            or (
                i.occurred_at >= %(since)s::timestamptz - interval '1 day'
                and (i.before ->> 'event_id')::bigint >= %(first)s
            )
        )
    group by (i.before ->> 'event_id')::bigint
),

-- Events whose partition was retired are known by their seals.
sealed as (
    select t.event_id
    from audit.seals as s
    cross join lateral unnest(s.event_ids) as t (event_id)
    where
        tstzrange(s.first_occurred_at, s.last_occurred_at, '[]')
        && %(events_retired)s::tstzmultirange
),

counted as (
    select
        coalesce(t.event_id, f.event_id, s.event_id) as event_id,
        date_trunc('month', t.occurred_at, 'UTC') as period,
        t.event_id is null as is_unknown,
        coalesce(t.is_archived, false) as is_archived,
        coalesce(t.row_count, 0) as told,
        coalesce(f.row_count, 0) as standing,
        coalesce(s.row_count, 0) as replaced
    from told as t
    full join found as f on t.event_id = f.event_id
    full join superseded as s on coalesce(t.event_id, f.event_id) = s.event_id
),

judged as materialized (
    select
        c.period,
        c.event_id,
        c.is_unknown,
        c.told,
        c.standing,
        c.replaced,
        case when c.is_archived then greatest(c.told - c.standing - c.replaced, 0) else 0 end as archived,
        case when c.is_archived then 0 else greatest(c.told - c.standing - c.replaced, 0) end as missing,
        greatest(c.standing + c.replaced - c.told, 0) as extra
    from counted as c
    where not (c.is_unknown and c.event_id in (select d.event_id from sealed as d))
)

select
    j.period,
    null::bigint as event_id,
    false as is_unknown,
    count(*) filter (where not j.is_unknown) as events,
    sum(j.told)::bigint as told,
    sum(j.standing)::bigint as standing,
    sum(j.replaced)::bigint as replaced,
    sum(j.archived)::bigint as archived,
    sum(j.missing)::bigint as missing,
    sum(j.extra)::bigint as extra
from judged as j
group by j.period
union all
select
    j.period,
    j.event_id,
    j.is_unknown,
    1 as events,
    j.told,
    j.standing,
    j.replaced,
    j.archived,
    j.missing,
    j.extra
from judged as j
where j.missing > 0 or j.extra > 0
