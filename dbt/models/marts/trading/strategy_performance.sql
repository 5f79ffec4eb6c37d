{{
    config(
        indexes=[
            {'columns': ['account_id', 'strategy_id', 'currency'], 'unique': true},
        ]
    )
}}

with

strategy_daily as (

    select * from {{ ref('strategy_daily') }}

),

totals as (

    select
        account_id,
        strategy_id,
        currency,
        min(trade_day) as first_day,
        max(trade_day) as last_day,
        sum(trade_count)::bigint as trade_count,
        sum(closing_count)::bigint as closing_count,
        sum(win_count)::bigint as win_count,
        sum(loss_count)::bigint as loss_count,
        sum(gross_profit) as gross_profit,
        sum(gross_loss) as gross_loss,
        sum(fifo_pnl) as fifo_pnl,
        sum(average_pnl) as average_pnl,
        sum(charges) as charges,
        sum(net_pnl) as net_pnl,
        sum(held_seconds) as held_seconds
    from strategy_daily
    group by account_id, strategy_id, currency

),

final as (

    select
        account_id,
        strategy_id,
        currency,
        first_day,
        last_day,
        trade_count,
        closing_count,
        win_count,
        loss_count,
        gross_profit,
        gross_loss,
        fifo_pnl,
        average_pnl,
        charges,
        net_pnl,
        win_count::double precision / nullif(closing_count, 0) as win_rate,
        (gross_profit / nullif(-gross_loss, 0))::double precision as profit_factor,
        (fifo_pnl / nullif(closing_count, 0))::double precision as expectancy,
        (held_seconds / nullif(closing_count, 0))::double precision as held_seconds
    from totals

)

select * from final
