{# Who may select from the rollups and marts must also be let into their schemas. #}
{% macro postgres__create_schema(relation) -%}
    {%- set schema = relation.without_identifier().include(database=false) -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ schema }};
        {% if target.name == 'prod' and relation.schema in ('rollups', 'marts') -%}
            grant usage on schema {{ schema }} to warehouse_read, warehouse_owner;
        {%- endif %}
    {%- endcall -%}
{%- endmacro %}
