{{
    config(
        time_column='executed_at',
        grain=['account_id', 'instrument_id', 'executed_at', 'trade_id'],
        scope_mode='forward',
        scope_key='account_id',
        partition_interval='1 month',
        dimensions=['reference.instruments', 'splits']
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

splits as (

    select
        instrument_id,
        array_agg(
            row(effective_day::timestamp at time zone 'UTC', ratio)::trading.split order by effective_day
        ) as splits
    from {{ ref('splits') }}
    group by instrument_id

),

trades as (

    select
        *,
        case side when 'buy' then quantity else -quantity end as signed_quantity
    from {{ ref('stg_trading__effective_trades') }}
    where {{ in_scope('executed_at', 'account_id') }}

),

series as (

    select
        account_id,
        instrument_id,
        array_agg(
            row(executed_at, trade_id, signed_quantity, price)::trading.lot order by executed_at, trade_id
        ) as lots
    from trades
    group by account_id, instrument_id

),

matched as (

    select
        series.account_id,
        series.instrument_id,
        m.*
    from series
    left join splits on series.instrument_id = splits.instrument_id
    {{ book_before('series', 'splits.splits') }}
    cross join lateral trading.match_lots(series.lots, before.book, splits.splits, before.as_of) as m

),

final as (

    select
        matched.account_id,
        matched.instrument_id,
        matched.executed_at,
        matched.trade_id,
        trades.strategy_id,
        instruments.currency,
        instruments.multiplier,
        trades.side,
        trades.quantity as traded_quantity,
        trades.price,
        trades.commission + trades.fees as charges,
        matched.opened_quantity,
        matched.closed_quantity,
        matched.opened_total,
        matched.closed_total,
        matched.quantity,
        matched.average_price,
        matched.fifo_cost * instruments.multiplier as fifo_cost,
        matched.average_pnl * instruments.multiplier as average_pnl,
        matched.fifo_pnl * instruments.multiplier as fifo_pnl,
        matched.held_seconds,
        matched.open_since,
        matched.closed_lots
    from matched
    inner join trades
        on
            matched.account_id = trades.account_id
            and matched.executed_at = trades.executed_at
            and matched.trade_id = trades.trade_id
    inner join instruments on matched.instrument_id = instruments.instrument_id

)

select * from final
