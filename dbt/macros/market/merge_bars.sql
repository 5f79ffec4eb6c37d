{#
  Bars put together to longer ones, from CTEs that have one source an instrument: the first price and the last
  by time, the extremes, the sum. `start` says which longer bar one belongs to, `name` what that is called.
#}
{% macro merge_bars(bars, start, name='bar_at', count='minute_count') -%}
    select
        {{ bars }}.instrument_id,
        {{ bars }}.source_id,
        {{ start }} as {{ name }},
        (array_agg({{ bars }}.open order by {{ bars }}.bar_at))[1] as open,
        max({{ bars }}.high) as high,
        min({{ bars }}.low) as low,
        (array_agg({{ bars }}.close order by {{ bars }}.bar_at))[count(*)::integer] as close,
        sum({{ bars }}.volume) as volume,
        (array_agg({{ bars }}.previous_close order by {{ bars }}.bar_at))[1] as previous_close,
        sum({{ bars }}.{{ count }})::bigint as {{ count }}
    from {{ bars }}
    group by {{ bars }}.instrument_id, {{ bars }}.source_id, {{ start }}
{%- endmacro %}


{# The start of the interval that a bar lies in, counted from midnight in UTC. #}
{% macro interval_start(length, moment='bar_at') -%}
    date_bin('{{ length }}', {{ moment }}, timestamptz '2001-01-01 00:00+00')
{%- endmacro %}
