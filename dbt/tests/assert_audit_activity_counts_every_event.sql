with

activity as (

    select
        sum(event_count) as event_count,
        sum(row_count) as row_count
    from {{ ref('audit_activity_daily') }}

),

-- What was written while the build ran is in the events, but not in the rollup yet.
read_to as (

    select snapshot
    from {{ ref('stg_ops__rollups') }}
    where relation = '{{ registered_name(ref('audit_activity_daily')) }}' and source_floor is null

),

events as (

    select
        count(*) as event_count,
        sum(events.row_count) as row_count
    from {{ ref('stg_audit__events') }} as events
    inner join read_to on pg_visible_in_snapshot(events.xid, read_to.snapshot)
    where events.operation <> 'refresh'

)

select
    activity.event_count,
    events.event_count as expected_count
from activity
cross join events
cross join read_to
where (activity.event_count, activity.row_count) is distinct from (events.event_count, events.row_count)
