{#
  dbt-postgres asks information_schema, which knows no materialized views and calls every list ARRAY, of
  which a unit test's rows can make nothing.
#}
{% macro postgres__get_columns_in_relation(relation) %}
    {%- call statement('get_columns_in_relation', fetch_result=True) %}
        select
            a.attname::text as column_name,
            format_type(a.atttypid, a.atttypmod) as data_type,
            null::integer as character_maximum_length,
            null::integer as numeric_precision,
            null::integer as numeric_scale
        from pg_attribute as a
        where a.attrelid = to_regclass('{{ relation }}') and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    {%- endcall -%}
    {%- do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) -%}
{% endmacro %}
