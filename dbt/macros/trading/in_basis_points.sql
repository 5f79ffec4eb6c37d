{# A cost in hundredths of a percent of what it was paid on; null where that is nothing. #}
{% macro in_basis_points(cost, notional) -%}
    (10000 * {{ cost }} / nullif({{ notional }}, 0))::double precision
{%- endmacro %}
