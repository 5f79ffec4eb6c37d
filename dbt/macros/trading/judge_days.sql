{#
  What the market did on days in UTC, by the finest bars there are and of these by the first source: the first
  open, the last close, and the mean price weighted by volume, at each bar's (high + low + close) / 3. `days` has
  distinct pairs of instrument_id and day. No row where there are no bars. The source is that of the day, so that
  a day depends on its own bars alone.
#}
{% macro judge_days(days) -%}
    select
        {{ days }}.instrument_id,
        {{ days }}.day,
        chosen.frequency,
        chosen.source_id,
        chosen.first_open,
        chosen.last_close,
        chosen.market_vwap
    from {{ days }}
    cross join lateral (
        select
            bars.frequency,
            bars.source_id,
            (array_agg(bars.open order by bars.bar_at))[1] as first_open,
            (array_agg(bars.close order by bars.bar_at desc))[1] as last_close,
            round(
                sum((bars.high + bars.low + bars.close) * bars.volume) / nullif(3 * sum(bars.volume), 0), 10
            ) as market_vwap
        from {{ ref('stg_market__bars') }} as bars
        inner join {{ ref('stg_reference__sources') }} as sources on bars.source_id = sources.source_id
        where
            bars.instrument_id = {{ days }}.instrument_id
            and bars.frequency = any(array['1m', '5m', '15m', '30m', '1h', '1d'])
            and bars.bar_at >= {{ days }}.day::timestamp at time zone 'UTC'
            and bars.bar_at < ({{ days }}.day + 1)::timestamp at time zone 'UTC'
            and not bars.is_empty
            and sources.is_active
        group by bars.frequency, bars.source_id, sources.priority
        order by
            array_position(array['1m', '5m', '15m', '30m', '1h', '1d'], bars.frequency),
            sources.priority,
            bars.source_id
        limit 1
    ) as chosen
{%- endmacro %}
