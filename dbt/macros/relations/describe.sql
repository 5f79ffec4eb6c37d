{# What the catalogue says of a relation: kind, definition, columns with exact types; none if it is missing. #}
{% macro describe_relation(name) %}
    {%- set found = run_query(
        "select c.relkind::text as kind, pg_get_viewdef(c.oid) as definition, a.attname::text as name,"
        " format_type(a.atttypid, a.atttypmod) as data_type"
        " from pg_class as c"
        " left join pg_attribute as a"
        " on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.oid = to_regclass('" ~ name ~ "') order by a.attnum"
    ) -%}
    {%- if not found.rows -%}{%- do return(none) -%}{%- endif -%}
    {%- set columns = [] -%}
    {%- for row in found.rows -%}
        {%- set name, data_type = row['name'], row['data_type'] -%}
        {%- set formatted = name ~ ' ' ~ data_type -%}
        {%- do columns.append({'name': name, 'data_type': data_type, 'formatted': formatted}) -%}
    {%- endfor -%}
    {%- set first = found.rows[0] -%}
    {%- do return({'kind': first['kind'], 'definition': first['definition'], 'columns': columns}) -%}
{% endmacro %}


{# The same of a query that is no view yet: PostgreSQL prints every view in one form, so texts compare. #}
{% macro describe_query(sql) %}
    {%- call statement('probe') -%} create temporary view dbt_probe as {{ sql }} {%- endcall -%}
    {%- set described = describe_relation('pg_temp.dbt_probe') -%}
    {%- do run_query('drop view pg_temp.dbt_probe') -%}
    {%- do return(described) -%}
{% endmacro %}


{#
  What is new in a view: everything (missing), nothing (unchanged), only how its columns are made (formula),
  further columns after the old ones (appended), or the columns themselves (columns).
#}
{% macro view_change(relation, sql) %}
    {%- set standing = describe_relation(relation.render()) -%}
    {%- set wanted = describe_query(sql) -%}
    {%- if standing is none -%}
        {%- do return('missing') -%}
    {%- elif standing.kind != 'v' -%}
        {%- do return('columns') -%}
    {%- elif standing.definition == wanted.definition -%}
        {%- do return('unchanged') -%}
    {%- elif standing.columns == wanted.columns -%}
        {%- do return('formula') -%}
    {%- elif standing.columns == wanted.columns[:standing.columns | length] -%}
        {%- do return('appended') -%}
    {%- else -%}
        {%- do return('columns') -%}
    {%- endif -%}
{% endmacro %}
