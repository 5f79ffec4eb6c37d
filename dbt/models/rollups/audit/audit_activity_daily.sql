{{
    config(
        time_column='activity_day',
        grain=['table_schema', 'table_name', 'operation', 'actor', 'activity_day'],
        bucket='1 day',
        partition_interval='1 year'
    )
}}

with

-- A refresh is written because of a write that is counted already; its own would never end.
events as (

    select * from {{ ref('stg_audit__events') }}
    where operation <> 'refresh' and {{ in_scope('occurred_at') }}

),

final as (

    select
        table_schema,
        table_name,
        operation,
        actor,
        (occurred_at at time zone 'UTC')::date as activity_day,
        count(*) as event_count,
        sum(row_count) as row_count,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        max(event_id) as newest_event_id,
        max(time_to) as newest_data_at
    from events
    group by table_schema, table_name, operation, actor, activity_day

)

select * from final
