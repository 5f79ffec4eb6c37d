{{
    config(
        time_column='position_day',
        grain=['account_id', 'instrument_id', 'position_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 month',
        dimensions=['splits']
    )
}}

with

flows as (

    select * from {{ ref('trade_flows_daily') }}
    where {{ in_scope_days('flow_day', 'account_id') }}

),

splits as (

    select * from {{ ref('splits') }}
    where {{ in_scope_days('effective_day') }}

),

before as (

    {{ positions_before() }}

),

changes as (

    select
        account_id,
        instrument_id,
        date '-infinity' as position_day,
        quantity as change,
        last_price as price
    from before
    where quantity is not null

    union all

    select
        account_id,
        instrument_id,
        flow_day as position_day,
        bought_quantity - sold_quantity as change,
        (bought_value + sold_value) / (bought_quantity + sold_quantity) as price
    from flows

    union all

    select
        before.account_id,
        before.instrument_id,
        splits.effective_day as position_day,
        0 as change,
        null as price
    from before
    inner join splits on before.instrument_id = splits.instrument_id

),

days as (

    select
        changes.account_id,
        changes.instrument_id,
        changes.position_day,
        sum(changes.change) as change,
        max(changes.price) as price
    from changes
    group by changes.account_id, changes.instrument_id, changes.position_day

),

carried as (

    select
        days.*,
        trading.position_after(days.change, days.price, coalesce(splits.ratio, 1)) over (
            partition by days.account_id, days.instrument_id order by days.position_day
        ) as held
    from days
    left join splits on days.instrument_id = splits.instrument_id and days.position_day = splits.effective_day

),

final as (

    select
        account_id,
        instrument_id,
        position_day,
        held[1] as quantity,
        held[2] as last_price
    from carried
    where position_day > '-infinity' and (price is not null or held[1] <> 0)

)

select * from final
