with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}

),

final as (

    select
        instruments.instrument_id,
        chosen.source_id,
        chosen.mark_day,
        chosen.mark_price
    from instruments
    cross join lateral (
        {{ newest_from_first_source('daily_marks', 'instruments', key='instrument_id', day='mark_day') }}
    ) as chosen

)

select * from final
