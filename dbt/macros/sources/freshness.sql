{#
  Sources are judged by the newest moment their rows tell of. Every threshold is below 60 days: what is
  older is stale however old it is, and its partitions need not be read.
#}
{% macro postgres__collect_freshness(source, loaded_at_field, filter) %}
    {%- call statement('collect_freshness', fetch_result=true, auto_begin=false) %}
        select max({{ loaded_at_field }}) as max_loaded_at, {{ as_of() }} as snapshotted_at
        from {{ source }}
        where {{ loaded_at_field }} > {{ as_of() }} - interval '60 days'
        {%- if filter %} and {{ filter }}{% endif %}
    {%- endcall -%}
    {%- do return(load_result('collect_freshness')) -%}
{% endmacro %}


{# Now, or the moment that the var as_of names. #}
{% macro as_of() -%}
    {%- if var('as_of') -%} timestamptz '{{ var('as_of') }}' {%- else -%} current_timestamp {%- endif -%}
{%- endmacro %}
