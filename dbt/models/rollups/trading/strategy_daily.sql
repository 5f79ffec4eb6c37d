{{
    config(
        time_column='trade_day',
        grain=['account_id', 'strategy_id', 'currency', 'trade_day'],
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year'
    )
}}

with

trades as (

    select * from {{ ref('realized_pnl') }}
    where strategy_id is not null and {{ in_scope('executed_at', 'account_id') }}

),

final as (

    select
        account_id,
        strategy_id,
        currency,
        (executed_at at time zone 'UTC')::date as trade_day,
        count(*) as trade_count,
        count(*) filter (where closed_quantity > 0) as closing_count,
        count(*) filter (where fifo_pnl > 0) as win_count,
        count(*) filter (where fifo_pnl < 0) as loss_count,
        coalesce(sum(fifo_pnl) filter (where fifo_pnl > 0), 0) as gross_profit,
        coalesce(sum(fifo_pnl) filter (where fifo_pnl < 0), 0) as gross_loss,
        sum(fifo_pnl) as fifo_pnl,
        sum(average_pnl) as average_pnl,
        sum(charges) as charges,
        sum(fifo_pnl) - sum(charges) as net_pnl,
        coalesce(sum(round(held_seconds)::bigint), 0) as held_seconds
    from trades
    group by account_id, strategy_id, currency, trade_day

)

select * from final
