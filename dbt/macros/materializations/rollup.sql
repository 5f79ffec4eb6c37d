{#
  A table that is kept equal to a view over facts. The model's SQL is the view, <name>__logic; the table is
  made from the contract, so that the SQL may read it as {{ this }}; and ops.refresh_rollup, which
  `warehouse refresh` calls too, makes the one equal the other. A changed definition is noticed there:
  everything from the source floor up is computed anew, and what differs is written in place.
#}
{% materialization rollup, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type=this.Table) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do assert_rollup_settings() -%}
    {%- set change = rollup_change(target_relation) -%}
    {%- if change == 'columns' -%}
        {%- do swap_rollup(target_relation, sql) -%}
    {%- else -%}
        {%- if change == 'missing' -%}{%- do create_rollup_table(target_relation) -%}{%- endif -%}
        {%- if change == 'appended' -%}{%- do add_columns(target_relation) -%}{%- endif -%}
        {%- do make_logic_view(target_relation, sql) -%}
        {%- do declare_rollup(target_relation) -%}
        {%- do refresh_rollup(target_relation) -%}
    {%- endif -%}
    {%- do make_indexes(target_relation) -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(target_relation, model) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# The name a rollup goes by in ops.rollups and in the audit events. #}
{% macro registered_name(relation) %}
    {%- do return(relation.schema ~ '.' ~ relation.identifier) -%}
{% endmacro %}


{#
  What is new in a rollup: everything (missing), nothing or only how its rows are made (unchanged), further
  columns (appended), or its columns, its grain or its partitions (columns). The lock is for all that
  follows: a refresh that is under way ends first, and none begins meanwhile.
#}
{% macro rollup_change(relation) %}
    {%- set standing = describe_relation(relation.render()) -%}
    {%- set found = run_query(
        "select array_to_string(key_columns, ',') as grain, partition_interval, time_column from ops.rollups"
        " where relation = '" ~ registered_name(relation) ~ "' for update"
    ).rows -%}
    {%- if standing is none -%}{%- do return('missing') -%}{%- endif -%}
    {%- if standing.kind in ('v', 'm') -%}
        {%- do set_aside(relation) -%}
        {%- do return('missing') -%}
    {%- endif -%}
    {%- if not found -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ " stands already and is no rollup. Nothing was changed; rename it, or drop it if its rows "
            "can be made again."
        ) -%}
    {%- endif -%}
    {%- set registered, promised = found[0], promised_columns() -%}
    {%- if registered['grain'] != config.get('grain') | join(',')
        or registered['partition_interval'] != config.get('partition_interval')
        or registered['time_column'] != config.get('time_column')
        or standing.columns | reject('in', promised) | list -%}
        {%- do return('columns') -%}
    {%- endif -%}
    {%- do return('unchanged' if promised | length == standing.columns | length else 'appended') -%}
{% endmacro %}


{# What the model was before, a view or a materialized view. Views on it go over when they are built themselves. #}
{% macro set_aside(relation) %}
    {%- do make_way(relation) -%}
    {%- for standing in (relation, logic_of(relation)) if describe_relation(standing.render()) -%}
        {%- call statement('set_aside') -%}
            select ops.rename_relation('{{ standing }}', '{{ named(standing, '__previous').identifier }}')
        {%- endcall -%}
    {%- endfor -%}
{% endmacro %}


{% macro promised_columns() %}
    {%- do return(describe_query(get_empty_schema_sql(model.columns)).columns) -%}
{% endmacro %}


{% macro create_rollup_table(relation) %}
    {%- call statement('create') -%}
        create table {{ relation }} ({{ promised_columns() | map(attribute='formatted') | join(', ') }})
        {%- if config.get('partition_interval') %} partition by range ({{ config.get('time_column') }}){% endif %}
    {%- endcall -%}
    {#- One that was dropped by hand has read nothing. -#}
    {%- call statement('forget') -%}
        update ops.rollups set snapshot = null where relation = '{{ registered_name(relation) }}'
    {%- endcall -%}
{% endmacro %}


{% macro add_columns(relation) %}
    {%- set standing = describe_relation(relation.render()).columns -%}
    {%- for column in promised_columns() | reject('in', standing) -%}
        {%- call statement('add_column') -%} alter table {{ relation }} add column {{ column.formatted }} {%- endcall -%}
    {%- endfor -%}
{% endmacro %}


{# Rows below the source floor are taken over; views on the old table are defined anew on the new one. #}
{% macro swap_rollup(relation, sql) %}
    {%- set next, logic = named(relation, '__next'), logic_of(relation) -%}
    {%- do make_way(relation, is_rollup=true) -%}
    {%- do create_rollup_table(next) -%}
    {%- do make_logic_view(next, sql | replace(relation.render(), next.render())) -%}
    {%- do declare_rollup(next) -%}
    {%- call statement('fill') -%}
        select ops.fill_beside('{{ registered_name(relation) }}', '{{ registered_name(next) }}')
    {%- endcall -%}
    {%- call statement('swap') -%} {{ swap_in(relation, next) }} {{ swap_in(logic, logic_of(next)) }} {%- endcall -%}
    {%- do declare_rollup(relation) -%}
    {%- call statement('main') -%}
        select ops.record_swap('{{ registered_name(relation) }}', now())
    {%- endcall -%}
{% endmacro %}


{# In the order of the table's columns, to which new ones are added last, as a view wants it too. #}
{% macro make_logic_view(relation, sql) %}
    {%- do assert_contract(sql) -%}
    {%- set columns = describe_relation(relation.render()).columns | map(attribute='name') | join(', ') -%}
    {%- set ordered = 'select ' ~ columns ~ ' from (' ~ sql ~ '\n) as model' -%}
    {%- if view_change(logic_of(relation), ordered) != 'unchanged' -%}
        {%- call statement('logic') -%} create or replace view {{ logic_of(relation) }} as {{ ordered }} {%- endcall -%}
    {%- endif -%}
{% endmacro %}


{% macro declare_rollup(relation) %}
    {%- call statement('declare') -%}
        select ops.declare_rollup(
            relation => '{{ registered_name(relation) }}',
            logic_view => '{{ registered_name(logic_of(relation)) }}',
            time_column => '{{ config.require('time_column') }}',
            key_columns => '{ {{- config.require('grain') | join(',') -}} }',
            scope_mode => '{{ config.get('scope_mode', 'window') }}',
            environment => '{{ 'prod' if target.name == 'prod' else 'dev' }}',
            bucket => {{ literal(config.get('bucket')) }},
            scope_key => {{ literal(config.get('scope_key')) }},
            look_back => {{ config.get('look_back', 0) }},
            dimensions => array(
                select d::regclass::text
                from unnest('{ {{- dimensions_of(relation) | join(',') -}} }'::text[]) as d
            ),
            partition_interval => {{ literal(config.get('partition_interval')) }}
        )
    {%- endcall -%}
{% endmacro %}


{# A rollup among them is named without its schema, which is that of the one that reads it. #}
{% macro dimensions_of(relation) %}
    {%- set names = [] -%}
    {%- for name in config.get('dimensions', []) -%}
        {%- do names.append(name if '.' in name else relation.schema ~ '.' ~ name) -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}


{% macro refresh_rollup(relation) %}
    {%- call statement('main') -%}
        select * from ops.refresh_rollup('{{ registered_name(relation) }}', whole => {{ flags.FULL_REFRESH }})
    {%- endcall -%}
{% endmacro %}


{#
  A refresh asks first what there is in the scope. By the primary key, which begins with the owner, a day that is
  not there yet is found out by reading the partition's whole index: 2.2 ms of 75,000 rows.
#}
{% macro make_indexes(relation) %}
    {%- set indexes, time = config.get('indexes', []), config.get('time_column') -%}
    {%- if config.get('bucket') != 'all_time' and config.get('grain')[0] != time -%}
        {%- set indexes = indexes + [{'columns': [time]}] -%}
    {%- endif -%}
    {%- set changes = index_changes(relation, indexes) -%}
    {%- for name in changes.drop -%}
        {%- call statement('drop_index') -%} drop index {{ name }} {%- endcall -%}
    {%- endfor -%}
    {%- for index in changes.create -%}
        {%- call statement('create_index') -%} {{ get_create_index_sql(relation, index) }} {%- endcall -%}
    {%- endfor -%}
{% endmacro %}


{% macro literal(value) %}
    {%- do return("'" ~ value ~ "'" if value is not none else 'null') -%}
{% endmacro %}


{% macro assert_rollup_settings() %}
    {%- for setting in ('time_column', 'grain') if not config.get(setting) -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " has no " ~ setting ~ " in its config, and a rollup must say by which column of time and "
            "by which key its rows are told apart. Nothing was changed."
        ) -%}
    {%- endfor -%}
{% endmacro %}
