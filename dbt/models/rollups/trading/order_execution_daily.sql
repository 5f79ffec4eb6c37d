{{
    config(
        time_column='execution_day',
        grain=['account_id', 'instrument_id', 'side', 'execution_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year',
        dimensions=['reference.instruments']
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

orders as (

    select * from {{ ref('order_arrivals') }}
    where {{ in_scope_days('entered_day', 'account_id') }}

),

fills as (

    select * from {{ ref('fills_vwap') }}
    where {{ in_scope_days('fill_day', 'account_id') }}

),

-- A fill is judged by when its order arrived, which may be days before: so a change moves what follows.
arrivals as (

    select * from {{ ref('order_arrivals') }}
    where {{ in_scope_keys('account_id') }}

),

executions as (

    select
        account_id,
        instrument_id,
        side,
        entered_day as execution_day,
        status,
        missed_quantity,
        missed_quantity * arrival_price as missed_value,
        missed_quantity * (closing_price - arrival_price) as missed_gain,
        0 as fill_count,
        0 as quantity,
        0 as value,
        0 as charges,
        null as arrival_price,
        null as market_vwap
    from orders

    union all

    select
        fills.account_id,
        fills.instrument_id,
        fills.side,
        fills.fill_day as execution_day,
        null as status,
        0 as missed_quantity,
        0 as missed_value,
        0 as missed_gain,
        fills.fill_count,
        fills.quantity,
        fills.value,
        fills.commission + fills.fees as charges,
        arrivals.arrival_price,
        fills.market_vwap
    from fills
    left join arrivals
        on
            fills.account_id = arrivals.account_id
            and fills.order_id = arrivals.order_id
            and fills.instrument_id = arrivals.instrument_id
            and fills.fill_day >= arrivals.entered_day

),

final as (

    select
        e.account_id,
        e.instrument_id,
        e.side,
        e.execution_day,
        i.currency,
        count(e.status) as order_count,
        count(*) filter (where e.status = 'filled') as filled_count,
        count(*) filter (where e.status in ('cancelled', 'expired')) as cancelled_count,
        count(*) filter (where e.status = 'rejected') as rejected_count,
        sum(e.fill_count)::bigint as fill_count,
        sum(e.quantity) as filled_quantity,
        sum(e.missed_quantity) as missed_quantity,
        sum(e.value) * i.multiplier as notional,
        sum(e.charges) as charges,
        {{ judged_sum('e.quantity * e.arrival_price') }} as arrival_notional,
        {{ judged_sum('e.value - e.quantity * e.arrival_price', signed=true) }} as arrival_cost,
        coalesce(sum(e.charges) filter (where e.arrival_price is not null), 0) as arrival_charges,
        {{ judged_sum('e.quantity * e.market_vwap') }} as market_notional,
        {{ judged_sum('e.value - e.quantity * e.market_vwap', signed=true) }} as market_cost,
        {{ judged_sum('e.missed_value') }} as missed_notional,
        {{ judged_sum('e.missed_gain', signed=true) }} as missed_cost
    from executions as e
    inner join instruments as i on e.instrument_id = i.instrument_id
    group by e.account_id, e.instrument_id, e.side, e.execution_day, i.currency, i.multiplier

)

select * from final
