{{
    config(
        time_column='mark_day',
        grain=['mark_day'],
        bucket='1 day'
    )
}}

with

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}
    where {{ in_scope_days('mark_day') }}

),

final as (

    select
        mark_day,
        count(*) as mark_count
    from daily_marks
    group by mark_day

)

select * from final
