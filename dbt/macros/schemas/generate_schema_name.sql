{# Production has one schema per layer; everywhere else a layer lands in the analyst's own schemas. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'prod' -%}
        {{ custom_schema_name or target.schema }}
    {%- else -%}
        {%- set name = target.schema ~ ('_' ~ custom_schema_name if custom_schema_name else '') -%}
        {%- if target.schema in production_schemas() or name in production_schemas() -%}
            {{ exceptions.raise_compiler_error(
                "DBT_SCHEMA is " ~ target.schema ~ ", and " ~ name ~ " belongs to production. "
                "Nothing was built; choose a name of your own, or build with --target prod."
            ) }}
        {%- endif -%}
        {{ name }}
    {%- endif -%}
{%- endmacro %}


{# The schemas that only migrations and the prod target write to. #}
{% macro production_schemas() %}
    {{ return([
        'reference', 'market', 'trading', 'portfolio', 'risk', 'audit', 'ops', 'library', 'api',
        'staging', 'intermediate', 'rollups', 'marts', 'public',
    ]) }}
{% endmacro %}
