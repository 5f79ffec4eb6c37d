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

series as (

    select
        account_id,
        instrument_id,
        array_agg(
            row(
                executed_at, trade_id, case side when 'buy' then quantity else -quantity end, price
            )::trading.lot order by executed_at, trade_id
        ) as lots,
        array_agg(strategy_id order by executed_at, trade_id) as strategy_ids,
        array_agg(commission + fees order by executed_at, trade_id) as charges
    from {{ ref('stg_trading__effective_trades') }}
    where {{ in_scope('executed_at', 'account_id') }}
    group by account_id, instrument_id

),

-- What a trade brings is joined within its series; by key with all trades, both would be sorted once more.
matched as (

    select
        series.account_id,
        series.instrument_id,
        before.*,
        m.*
    from series
    left join splits on series.instrument_id = splits.instrument_id
    {{ book_before('series', 'splits.splits') }}
    cross join lateral (
        select
            *,
            count(*) filter (where closed_quantity > 0) over so_far as closings,
            sum(closed_quantity) over so_far as quantity_since,
            sum(fifo_pnl) over so_far as fifo_since,
            sum(average_pnl) over so_far as average_since,
            sum(case when closed_quantity > 0 then charges else 0 end) over so_far as charges_since,
            max(executed_at) filter (where closed_quantity > 0) over so_far as closed_since
        from
            unnest(series.lots, series.strategy_ids, series.charges)
                as traded (traded_at, traded_id, signed_quantity, price, strategy_id, charges)
        inner join lateral trading.match_lots(series.lots, before.book, splits.splits, before.as_of)
            on traded_at = executed_at and traded_id = trade_id
        window so_far as (order by executed_at, trade_id rows unbounded preceding)
    ) as m

),

final as (

    select
        matched.account_id,
        matched.instrument_id,
        matched.executed_at,
        matched.trade_id,
        matched.strategy_id,
        instruments.currency,
        instruments.multiplier,
        case when matched.signed_quantity > 0 then 'buy' else 'sell' end as side,
        abs(matched.signed_quantity) as traded_quantity,
        matched.price,
        matched.charges,
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
        matched.closed_lots,
        coalesce(matched.closing_count, 0) + matched.closings as closing_count,
        coalesce(matched.closed_quantity_total, 0) + matched.quantity_since as closed_quantity_total,
        coalesce(matched.fifo_pnl_total, 0) + matched.fifo_since * instruments.multiplier as fifo_pnl_total,
        coalesce(matched.average_pnl_total, 0) + matched.average_since * instruments.multiplier
            as average_pnl_total,
        coalesce(matched.closing_charges_total, 0) + matched.charges_since as closing_charges_total,
        coalesce(matched.closed_since, matched.last_closed_at) as last_closed_at
    from matched
    inner join instruments on matched.instrument_id = instruments.instrument_id

)

select * from final
