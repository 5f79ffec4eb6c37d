with

trades as (

    select * from {{ logic_of(ref('realized_pnl')) }}

),

positions as (

    select * from {{ ref('stg_trading__positions') }}

),

sums as (

    select
        account_id,
        instrument_id,
        sum(average_pnl) as realized_pnl,
        max(executed_at) as last_trade_at,
        (array_agg(quantity order by executed_at desc, trade_id desc))[1] as quantity,
        (array_agg(average_price order by executed_at desc, trade_id desc))[1] as average_price
    from trades
    group by account_id, instrument_id

),

-- What has been split since the last trade is booked by itself, to as many digits as an average has.
held as (

    select
        sums.account_id,
        sums.instrument_id,
        sums.realized_pnl,
        trim_scale(sums.quantity * since.ratio) as quantity,
        case when since.ratio = 1 then sums.average_price else round(sums.average_price / since.ratio, 10) end
            as average_price
    from sums
    cross join lateral (
        select market.product(splits.ratio) as ratio
        from {{ ref('splits') }} as splits
        where
            splits.instrument_id = sums.instrument_id
            and splits.effective_day > (sums.last_trade_at at time zone 'UTC')::date
    ) as since

)

select
    held.account_id,
    held.instrument_id
from held
left join positions on held.account_id = positions.account_id and held.instrument_id = positions.instrument_id
where
    (held.quantity, held.average_price, held.realized_pnl)
    is distinct from (positions.quantity, positions.average_price, positions.realized_pnl)
