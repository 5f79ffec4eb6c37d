{{
    config(
        time_column='entered_day',
        grain=['account_id', 'order_id', 'entered_day'],
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year'
    )
}}

with

bars as (

    select * from {{ ref('stg_market__bars') }}

),

market_days as (

    select * from {{ ref('market_days') }}
    where {{ in_scope_days('market_day') }}

),

-- An order of several legs has no price of its own; one of dollars has no quantity.
orders as (

    select
        *,
        (entered_at at time zone 'UTC')::date as entered_day,
        coalesce(released_at, entered_at) as arrived_at
    from {{ ref('stg_trading__orders') }}
    where
        num_nulls(instrument_id, side, quantity) = 0
        and {{ in_scope('entered_at', 'account_id') }}

),

-- A bar that began later than the order was released is not known yet, but for the day's first.
arrivals as (

    select
        orders.*,
        market_days.frequency,
        market_days.last_close,
        coalesce(standing.open, market_days.first_open) as arrival_price
    from orders
    left join market_days
        on
            orders.instrument_id = market_days.instrument_id
            and orders.entered_day = market_days.market_day
            and orders.entered_day = (orders.arrived_at at time zone 'UTC')::date
    left join lateral (
        select bars.open
        from bars
        where
            bars.instrument_id = market_days.instrument_id
            and bars.frequency = market_days.frequency
            and bars.source_id = market_days.source_id
            and bars.bar_at >= market_days.market_day::timestamp at time zone 'UTC'
            and bars.bar_at <= orders.arrived_at
            and not bars.is_empty
        order by bars.bar_at desc
        limit 1
    ) as standing on true

),

final as (

    select
        account_id,
        order_id,
        entered_day,
        instrument_id,
        strategy_id,
        order_type,
        side,
        status,
        arrived_at,
        quantity as ordered_quantity,
        filled_quantity,
        -- What was given up: a replacement takes over, and of two exits the other one was filled.
        case
            when status in ('cancelled', 'expired') and strategy_type <> 'oco' then quantity - filled_quantity
            else 0
        end as missed_quantity,
        arrival_price,
        last_close as closing_price,
        frequency as bar_frequency
    from arrivals

)

select * from final
