{{
    config(
        indexes=[
            {'columns': ['table_schema', 'table_name', 'operation'], 'unique': true},
        ]
    )
}}

with

activity as (

    select * from {{ ref('audit_activity_daily') }}

),

final as (

    select
        table_schema,
        table_name,
        operation,
        sum(event_count)::bigint as event_count,
        sum(row_count) as row_count,
        count(distinct actor) as actor_count,
        count(distinct activity_day) as day_count,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from activity
    group by table_schema, table_name, operation

)

select * from final
