{#
  The session of an exchange that a moment belongs to: the one that ends next. A lateral join called `session`,
  without a row where the calendar has none.
#}
{% macro session_of(exchange, moment) -%}
    left join lateral (
        select calendar.trading_day
        from {{ ref('stg_reference__trading_days') }} as calendar
        where
            calendar.exchange = {{ exchange }}
            and calendar.trading_day >= ({{ moment }} at time zone 'UTC')::date - 1
            and calendar.closes_at > {{ moment }}
        order by calendar.trading_day
        limit 1
    ) as session on true
{%- endmacro %}
