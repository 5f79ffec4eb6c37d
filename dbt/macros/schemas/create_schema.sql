{# Who may select from the marts must also be let into their schema. #}
{% macro postgres__create_schema(relation) -%}
    {%- set schema = relation.without_identifier().include(database=false) -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ schema }};
        {% if target.name == 'prod' and relation.schema == 'marts' -%}
            grant usage on schema {{ schema }} to warehouse_read;
        {%- endif %}
    {%- endcall -%}
{%- endmacro %}
