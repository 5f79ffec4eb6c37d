{# Production has one schema per layer; everywhere else a layer lands in schemas of the analyst's own. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'prod' -%}
        {{ custom_schema_name or target.schema }}
    {%- elif target.schema in production_schemas() -%}
        {{ exceptions.raise_compiler_error(
            "DBT_SCHEMA is " ~ target.schema ~ ", which belongs to production. Nothing was built; choose a "
            "name of your own, or build with --target prod."
        ) }}
    {%- else -%}
        {{ target.schema }}{{ '_' ~ custom_schema_name if custom_schema_name }}
    {%- endif -%}
{%- endmacro %}


{# The schemas that only migrations and the prod target write to. #}
{% macro production_schemas() %}
    {%- do return([
        'reference', 'market', 'trading', 'portfolio', 'risk', 'audit', 'ops', 'library', 'api',
        'staging', 'intermediate', 'rollups', 'marts', 'public',
    ]) -%}
{% endmacro %}
