{# An index is named after its relation and columns, so that a plan can be read. #}
{% macro postgres__get_create_index_sql(relation, index_dict) -%}
    {%- set index = adapter.parse_index(index_dict) -%}
    create {{ 'unique ' if index.unique }}index {{ adapter.quote(index_name(relation, index)) }} on {{ relation }}
    using {{ index.type or 'btree' }} ({{ index.columns | join(', ') }})
{%- endmacro %}


{# PostgreSQL cuts names at 63 bytes, and for the time of a swap a name is ten longer. #}
{% macro index_name(relation, index) %}
    {%- set columns = index.columns | join('_') -%}
    {%- set suffix = '_key' if index.unique else '_idx' -%}
    {%- if (relation.identifier | replace('__next', '') ~ '_' ~ columns ~ suffix) | length > 53 -%}
        {%- set columns = local_md5(columns)[:8] -%}
    {%- endif -%}
    {%- do return(relation.identifier ~ '_' ~ columns ~ suffix) -%}
{% endmacro %}


{#
  Which indexes to drop and which to create. dbt-postgres compares the columns as a set; here their order
  counts, for it decides which queries an index serves.
#}
{% macro index_changes(relation, indexes=none) %}
    {%- set wanted, standing, changes = {}, {}, {'drop': [], 'create': []} -%}
    {%- for index in indexes or config.get('indexes', []) -%}
        {%- set parsed = adapter.parse_index(index) -%}
        {%- do wanted.update({(parsed.columns | join(', '), parsed.unique, parsed.type or 'btree'): index}) -%}
    {%- endfor -%}
    {%- for row in run_query(standing_indexes(relation)).rows -%}
        {%- do standing.update({(row['columns'], row['is_unique'], row['method']): row['name']}) -%}
    {%- endfor -%}
    {%- for index, name in standing.items() if index not in wanted -%}
        {%- do changes.drop.append(name) -%}
    {%- endfor -%}
    {%- for index, given in wanted.items() if index not in standing -%}
        {%- do changes.create.append(given) -%}
    {%- endfor -%}
    {%- do return(changes) -%}
{% endmacro %}


{% macro standing_indexes(relation) %}
    select
        i.indexrelid::regclass::text as name,
        i.indisunique as is_unique,
        m.amname::text as method,
        array_to_string(array(
            select pg_get_indexdef(i.indexrelid, k, true) from generate_series(1, i.indnkeyatts) as k order by k
        ), ', ') as columns
    from pg_index as i
    inner join pg_class as c on i.indexrelid = c.oid
    inner join pg_am as m on c.relam = m.oid
    where i.indrelid = '{{ relation }}'::regclass and not i.indisprimary
{%- endmacro %}
