{{
    config(
        materialized='view'
    )
}}

with

activity as (

    select * from {{ ref('audit_activity_daily') }}

),

generations as (

    select * from {{ ref('stg_ops__generations') }}

),

rollups as (

    select * from {{ ref('stg_ops__rollups') }}

),

matviews as (

    select * from {{ ref('stg_ops__matviews') }}

),

facts as (

    select
        'table' as kind,
        concat_ws('.', table_schema, table_name) as relation,
        max(newest_event_id) as newest_event_id,
        max(last_event_at) as newest_event_at,
        max(newest_data_at) as newest_data_at
    from activity
    where operation in ('insert', 'update')
    group by table_schema, table_name

),

consumers as (

    select
        'rollup' as kind,
        relation,
        snapshot,
        sources
    from rollups
    where environment = 'prod'

    union all

    select
        'materialized view' as kind,
        relation,
        snapshot,
        ops.sources_of(to_regclass(relation)) as sources
    from matviews
    where relation like 'marts.%' and to_regclass(relation) is not null

),

-- By the log's own clock: from the oldest write that was not read until the newest that was not.
marts as (

    select
        consumers.kind,
        generations.relation,
        generations.generation as newest_event_id,
        generations.as_of as newest_event_at,
        generations.newest_data_at,
        unread.waiting_since,
        coalesce(extract(epoch from (unread.newest_at - unread.waiting_since)), 0)::double precision
            as lag_seconds
    from consumers
    inner join generations on consumers.relation = generations.relation
    cross join lateral (
        select
            min(events.occurred_at) as waiting_since,
            max(events.occurred_at) as newest_at
        from lateral audit.events_between(consumers.snapshot, pg_current_snapshot()) as events
        where concat_ws('.', events.table_schema, events.table_name) = any(consumers.sources)
    ) as unread

),

final as (

    select
        relation,
        kind,
        newest_event_id,
        newest_event_at,
        newest_data_at,
        null::timestamptz as waiting_since,
        extract(epoch from newest_event_at - newest_data_at)::double precision as lag_seconds
    from facts

    union all

    select
        relation,
        kind,
        newest_event_id,
        newest_event_at,
        newest_data_at,
        waiting_since,
        lag_seconds
    from marts

)

select * from final
