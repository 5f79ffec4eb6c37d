{# What accounts held before the scope, as changes on a day 0. #}
{% macro holdings_before(days) -%}
    select
        {{ days }}.account_id,
        held.instrument_id,
        0 as day_no,
        {{ days }}.day_count,
        held.quantity,
        held.price
    from {{ days }}
    cross join lateral (
        {{ newest_own_row(days ~ '.account_id', 'value_day', 'instrument_ids, quantities, prices') }}
    ) as newest
    cross join lateral unnest(newest.instrument_ids, newest.quantities, newest.prices)
        as held (instrument_id, quantity, price)
    where {{ days }}.day_no = 1
{%- endmacro %}
