{% set made_of = [('15m', '5m', '15 minutes'), ('30m', '15m', '30 minutes'), ('1h', '30m', '1 hour')] %}

with

parts as (

    {% for length, part, span in made_of -%}
        select
            '{{ length }}' as length,
            instrument_id,
            {{ interval_start(span) }} as bar_at,
            max(high) as high,
            min(low) as low,
            sum(volume) as volume,
            sum(minute_count) as minute_count
        from {{ ref('bars_' ~ part) }}
        group by instrument_id, {{ interval_start(span) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

bars as (

    {% for length, part, span in made_of -%}
        select
            '{{ length }}' as length,
            logic.*
        from {{ logic_of(ref('bars_' ~ length)) }} as logic
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    coalesce(bars.length, parts.length) as length,
    coalesce(bars.instrument_id, parts.instrument_id) as instrument_id,
    coalesce(bars.bar_at, parts.bar_at) as bar_at
from bars
full join parts
    on bars.length = parts.length and bars.instrument_id = parts.instrument_id and bars.bar_at = parts.bar_at
where
    (bars.high, bars.low, bars.volume, bars.minute_count)
    is distinct from (parts.high, parts.low, parts.volume, parts.minute_count)
