{#
  Bounds the scan of a fact to what a refresh asks for: `where {{ in_scope('executed_at', 'account_id') }}`.
  Read plainly it lets everything through. `margin` also lets through what is that far outside, for rows
  whose bucket does not begin at midnight in UTC (an exchange's day): `margin='1 day'`.
#}
{% macro in_scope(time, key=none, margin=none) -%}
    {%- set wider = " - interval '" ~ margin ~ "'" if margin else '' -%}
    ({{ time }} >= ops.scope_from(){{ wider }} and {{ time }} < ops.scope_to(){{ wider | replace('-', '+') }}
    {%- if key %} and {{ in_scope_keys(key) }}{% endif %})
{%- endmacro %}


{# The same for a column of days, as other rollups have: no partition could be left out by a moment. #}
{% macro in_scope_days(day, key=none) -%}
    ({{ day }} >= (ops.scope_from() at time zone 'UTC')::date
    and {{ day }} < (ops.scope_to() at time zone 'UTC')::date
    {%- if key %} and {{ in_scope_keys(key) }}{% endif %})
{%- endmacro %}


{# By key alone: for the newest row of each key, whose bucket is all of time. #}
{% macro in_scope_keys(key) -%}
    (ops.scope_keys() is null or {{ key }} = any(ops.scope_keys()))
{%- endmacro %}


{#
  What a forward rollup starts from: its own rows before the scope. Read plainly there is no row before
  the beginning of time, so the same SQL is the first build and what verify compares with.
#}
{% macro before_scope(time) -%}
    ({{ time }} < ops.scope_from())
{%- endmacro %}


{% macro before_scope_days(day) -%}
    ({{ day }} < (ops.scope_from() at time zone 'UTC')::date)
{%- endmacro %}


{# The rollup's own table; a unit test, which has none, overrides this. #}
{% macro own_rows() -%}
    {{ this }}
{%- endmacro %}
