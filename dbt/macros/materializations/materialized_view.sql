{#
  dbt-postgres's materialized views with what it lacks: a refresh that readers do not notice, a changed
  SELECT that is seen, and contracts. The model's SQL is an ordinary view, <name>__logic, and the
  materialized view is `select * from` it: a changed formula replaces the view, and the materialized view
  stays the same relation, with all that stands on it. Only changed columns need a swap.
#}
{% macro postgres__get_create_materialized_view_as_sql(relation, sql) %}
    {{ create_materialized_view(relation, sql) }}
    {{ note_made(relation) }}
{% endmacro %}


{% macro create_materialized_view(relation, sql) %}
    {%- do assert_contract(sql) -%}
    {%- do assert_unique_index() -%}
    drop view if exists {{ logic_of(relation) }};
    create view {{ logic_of(relation) }} as {{ sql }};
    create materialized view {{ relation }} as select * from {{ logic_of(relation) }};
    {% for index in config.get('indexes') -%} {{ get_create_index_sql(relation, index) }}; {% endfor %}
    analyze {{ relation }};
{% endmacro %}


{# Asked by dbt on every build of one that stands; none means that a refresh is all it takes. #}
{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
    {%- do assert_contract(sql) -%}
    {%- do assert_unique_index() -%}
    {%- set logic = view_change(logic_of(existing_relation), sql) -%}
    {%- set indexes = index_changes(existing_relation) -%}
    {%- if logic == 'unchanged' and not indexes.drop and not indexes.create -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- do return({'logic': logic, 'indexes': indexes}) -%}
{% endmacro %}


{% macro postgres__get_alter_materialized_view_as_sql(
    relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation
) %}
    {%- if configuration_changes.logic in ('unchanged', 'formula') -%}
        create or replace view {{ logic_of(relation) }} as {{ sql }};
        {% for name in configuration_changes.indexes.drop -%} drop index {{ name }}; {% endfor %}
        {% for index in configuration_changes.indexes.create -%}
            {{ get_create_index_sql(relation, index) }};
        {%- endfor %}
        refresh materialized view {{ 'concurrently ' if is_populated(relation) }}{{ relation }};
        {{ note_made(relation) }}
    {%- else -%}
        {{ swap_materialized_view(relation, sql) }}
    {%- endif -%}
{% endmacro %}


{# What --full-refresh asks for, and a model that was a view before. #}
{% macro postgres__get_replace_sql(existing_relation, target_relation, sql) %}
    {%- if existing_relation.is_materialized_view -%}
        {%- set changes = get_materialized_view_configuration_changes(existing_relation, config) -%}
        {%- set none_needed = {'logic': 'unchanged', 'indexes': {'drop': [], 'create': []}} -%}
        {{ get_alter_materialized_view_as_sql(target_relation, changes or none_needed, sql, existing_relation) }}
    {%- else -%}
        {{ swap_materialized_view(target_relation, sql) }}
    {%- endif -%}
{% endmacro %}


{% macro swap_materialized_view(relation, sql) %}
    {%- set next, logic = named(relation, '__next'), logic_of(relation) -%}
    {%- do make_way(relation) -%}
    {{ create_materialized_view(next, sql) }}
    {{ swap_in(relation, next) }}
    {% if describe_relation(logic.render()) -%}
        {{ swap_in(logic, logic_of(next)) }}
    {%- else -%}
        alter view {{ logic_of(next) }} rename to {{ adapter.quote(logic.identifier) }};
    {%- endif %}
    {{ note_made(relation) }}
{% endmacro %}


{# Where nothing below it was written since, this does nothing; `warehouse refresh` calls it too. #}
{% macro postgres__refresh_materialized_view(relation) %}
    select * from ops.refresh_matview('{{ registered_name(relation) }}')
{% endmacro %}


{# A new generation, and a new start for what is pending. #}
{% macro note_made(relation) %}
    select * from ops.refresh_matview('{{ registered_name(relation) }}', made => true);
{% endmacro %}


{# CONCURRENTLY needs rows to compare with, which a dump that was restored without data has not. #}
{% macro is_populated(relation) %}
    {%- do return(run_query(
        "select relispopulated from pg_class where oid = '" ~ relation ~ "'::regclass"
    ).rows[0][0]) -%}
{% endmacro %}


{% macro assert_unique_index() %}
    {%- if not config.get('indexes', []) | selectattr('unique') | list -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " has no unique index in its config, and without one every refresh would shut its "
            "readers out. Nothing was changed; name the columns of its grain in `indexes` with `unique: true`."
        ) -%}
    {%- endif -%}
{% endmacro %}


{# The query of a materialized view: for tests that compare it with what it reads, in one snapshot. #}
{% macro logic_of(relation) %}
    {%- do return(named(relation, '__logic')) -%}
{% endmacro %}
