{{
    config(
        time_column='first_day',
        grain=['instrument_id'],
        bucket='all_time',
        scope_key='instrument_id',
        dimensions=['reference.instruments', 'reference.sources']
    )
}}

with

latest_marks as (

    select * from {{ ref('int_latest_marks') }}
    where {{ in_scope_keys('instrument_id') }}

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}

),

final as (

    select
        latest_marks.instrument_id,
        latest_marks.source_id,
        earliest.mark_day as first_day
    from latest_marks
    cross join lateral (
        select daily_marks.mark_day
        from daily_marks
        where
            daily_marks.instrument_id = latest_marks.instrument_id
            and daily_marks.source_id = latest_marks.source_id
        order by daily_marks.mark_day
        limit 1
    ) as earliest

)

select * from final
