{# Money of those that can be judged; what cost is above zero, for buys (paid more) and sells (got less) alike. #}
{% macro judged_sum(amount, signed=false) -%}
    trim_scale(coalesce(sum({{ amount }}), 0) * i.multiplier
    {%- if signed %} * case e.side when 'buy' then 1 else -1 end{% endif %})
{%- endmacro %}
