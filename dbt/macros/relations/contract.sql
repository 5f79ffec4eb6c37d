{#
  dbt compares a contract with what the driver calls the types, to which float4 and float8, or bigint in
  another size, are one. This compares with the catalogue, and is asked for views and materialized views.
#}
{% macro postgres__get_assert_columns_equivalent(sql) %}
    {%- set promised = describe_query(get_empty_schema_sql(model.columns)).columns -%}
    {%- set given = describe_query(sql).columns -%}
    {%- if promised | sort(attribute='name') != given | sort(attribute='name') -%}
        {%- do exceptions.raise_contract_error(promised, given) -%}
    {%- endif -%}
{% endmacro %}


{# Asked for by every materialization of ours, whether or not its SQL changed. #}
{% macro assert_contract(sql) %}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
{% endmacro %}


{# Without dbt's warning that numeric rounds: PostgreSQL's, left unconstrained, keeps every digit. #}
{% macro postgres__get_empty_schema_sql(columns) %}
    select
    {% for column in columns.values() -%}
        {%- if not column.data_type -%}
            {%- do exceptions.column_type_missing(column_names=[column.name]) -%}
        {%- endif -%}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ', ' if not loop.last }}
    {%- endfor %}
{% endmacro %}
