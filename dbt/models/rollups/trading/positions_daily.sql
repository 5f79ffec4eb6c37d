{{
    config(
        time_column='position_day',
        grain=['account_id', 'instrument_id', 'position_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 month'
    )
}}

with

flows as (

    select * from {{ ref('trade_flows_daily') }}
    where {{ in_scope_days('flow_day', 'account_id') }}

),

traded as (

    select distinct
        account_id,
        instrument_id
    from flows

),

openings as (

    select
        traded.account_id,
        traded.instrument_id,
        newest.quantity
    from traded
    cross join lateral (
        select own.quantity
        from {{ own_rows() }} as own
        where
            own.account_id = traded.account_id
            and own.instrument_id = traded.instrument_id
            and {{ before_scope_days('own.position_day') }}
        order by own.position_day desc
        limit 1
    ) as newest

),

final as (

    select
        flows.account_id,
        flows.instrument_id,
        flows.flow_day as position_day,
        coalesce(openings.quantity, 0)
        + sum(flows.bought_quantity - flows.sold_quantity) over (
            partition by flows.account_id, flows.instrument_id order by flows.flow_day
        ) as quantity
    from flows
    left join openings
        on flows.account_id = openings.account_id and flows.instrument_id = openings.instrument_id

)

select * from final
