{# dbt-postgres asks information_schema, which knows no materialized views: no unit test could read one. #}
{% macro postgres__get_columns_in_relation(relation) -%}
    {%- call statement('get_columns_in_relation', fetch_result=true) %}
        select
            a.attname::text as column_name,
            format_type(a.atttypid, a.atttypmod) as data_type,
            null::integer as character_maximum_length,
            null::integer as numeric_precision,
            null::integer as numeric_scale
        from pg_attribute as a
        inner join pg_class as c on a.attrelid = c.oid
        where
            c.relname = '{{ relation.identifier }}'
            {% if relation.schema -%}
            and c.relnamespace = to_regnamespace('{{ adapter.quote(relation.schema) }}')
            {%- else -%}
            and c.relnamespace = pg_my_temp_schema()
            {%- endif %}
            and a.attnum > 0
            and not a.attisdropped
        order by a.attnum
    {% endcall -%}
    {%- do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) -%}
{%- endmacro %}
