{% set frequencies = "array['1m', '5m', '15m', '30m', '1h', '1d']" %}
{{
    config(
        time_column='market_day',
        grain=['instrument_id', 'market_day'],
        bucket='1 day',
        scope_key='instrument_id',
        partition_interval='1 year',
        dimensions=['reference.sources']
    )
}}

with

bars as (

    select * from {{ ref('stg_market__bars') }}
    where not is_empty and frequency = any({{ frequencies }}) and {{ in_scope('bar_at', 'instrument_id') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}
    where is_active

),

-- Both of one order, so that it is sorted once.
brought as (

    select
        instrument_id,
        (bar_at at time zone 'UTC')::date as market_day,
        frequency,
        source_id,
        (array_agg(open order by bar_at))[1] as first_open,
        (array_agg(close order by bar_at))[count(*)::integer] as last_close,
        round(sum((high + low + close) * volume) / nullif(3 * sum(volume), 0), 10) as market_vwap
    from bars
    group by instrument_id, market_day, frequency, source_id

),

-- The source is that of the day, so that a day depends on its own bars alone.
final as (

    select distinct on (brought.instrument_id, brought.market_day)
        brought.instrument_id,
        brought.market_day,
        brought.frequency,
        brought.source_id,
        brought.first_open,
        brought.last_close,
        brought.market_vwap
    from brought
    inner join sources on brought.source_id = sources.source_id
    order by
        brought.instrument_id asc,
        brought.market_day asc,
        array_position({{ frequencies }}, brought.frequency) asc,
        sources.priority asc,
        sources.source_id asc

)

select * from final
