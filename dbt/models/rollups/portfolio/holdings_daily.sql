{{
    config(
        time_column='value_day',
        grain=['account_id', 'value_day'],
        scope_mode='forward',
        bucket='1 day',
        scope_key='account_id',
        partition_interval='1 year',
        dimensions=['reference.accounts', 'reference.instruments', 'mark_sources', 'splits']
    )
}}

with

days as (

    {{ days_to_value() }}

),

positions as (

    select * from {{ ref('positions_daily') }}
    where {{ in_scope_days('position_day', 'account_id') }}

),

-- What was held from when on, by the number of the day: the opening stands before the first.
changes as (

    {{ holdings_before('days') }}

    union all

    select
        positions.account_id,
        positions.instrument_id,
        days.day_no,
        days.day_count,
        positions.quantity,
        positions.last_price as price
    from positions
    inner join days on positions.account_id = days.account_id and positions.position_day = days.value_day

),

held as (

    {{ hold_until_changed('changes', 'days') }}

),

valued as (

    {{ value_holdings('held') }}

),

sums as (

    select
        account_id,
        value_day,
        count(*) as position_count,
        count(*) filter (where mark_price is null) as unmarked_count,
        count(*) filter (where value is null) as unconverted_count,
        sum(greatest(value, 0)) as long_exposure,
        sum(-least(value, 0)) as short_exposure,
        array_agg(instrument_id order by instrument_id) as instrument_ids,
        array_agg(trim_scale(quantity) order by instrument_id) as quantities,
        array_agg(trim_scale(price) order by instrument_id) as prices
    from valued
    group by account_id, value_day

),

final as (

    select
        days.account_id,
        days.value_day,
        days.is_session,
        coalesce(sums.position_count, 0) as position_count,
        coalesce(sums.unmarked_count, 0) as unmarked_count,
        coalesce(sums.unconverted_count, 0) as unconverted_count,
        trim_scale(coalesce(sums.long_exposure, 0)) as long_exposure,
        trim_scale(coalesce(sums.short_exposure, 0)) as short_exposure,
        coalesce(sums.instrument_ids, '{}') as instrument_ids,
        coalesce(sums.quantities, '{}') as quantities,
        coalesce(sums.prices, '{}') as prices
    from days
    left join sums on days.account_id = sums.account_id and days.value_day = sums.value_day

)

select * from final
