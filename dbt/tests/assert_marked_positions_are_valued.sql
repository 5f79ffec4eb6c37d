with

positions as (

    select * from {{ ref('stg_trading__positions') }}

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

valued as (

    select * from {{ logic_of(ref('portfolio_positions')) }}

)

select
    positions.account_id,
    positions.instrument_id
from positions
left join valued
    on positions.account_id = valued.account_id and positions.instrument_id = valued.instrument_id
where
    positions.quantity <> 0
    and valued.market_value is null
    and exists (
        select
        from daily_marks
        inner join sources on daily_marks.source_id = sources.source_id
        where sources.is_active and daily_marks.instrument_id = positions.instrument_id
    )
