{#
  What an exchange's calendar says of a moment. A lateral join called `session`: the day whose session it falls
  into, the day of the session that ends next, and whether the calendar knows the days around it at all.
#}
{% macro session_around(exchange, moment) -%}
    cross join lateral (
        select
            min(calendar.trading_day) filter (
                where calendar.opens_at <= {{ moment }} and calendar.closes_at > {{ moment }}
            ) as day_open,
            min(calendar.trading_day) filter (where calendar.closes_at > {{ moment }}) as day_ahead,
            count(*) > 0 as is_known
        from {{ ref('stg_reference__trading_days') }} as calendar
        where
            calendar.exchange = {{ exchange }}
            and calendar.trading_day between ({{ moment }} at time zone 'UTC')::date - 1
            and ({{ moment }} at time zone 'UTC')::date + 1
    ) as session
{%- endmacro %}
