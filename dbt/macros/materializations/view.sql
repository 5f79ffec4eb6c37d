{#
  A view that is replaced in place. dbt-postgres renames the old one away and drops it with all that stands
  on it: materialized views would be made anew on every build.
#}
{% materialization view, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type=this.View) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do assert_contract(sql) -%}
    {%- set change = view_change(target_relation, sql) -%}
    {%- if change == 'unchanged' -%}
        {%- do store_raw_result(name='main', message='unchanged', code='UNCHANGED', rows_affected=-1) -%}
    {%- else -%}
        {%- call statement('main') -%} {{ replace_view(target_relation, sql, change) }} {%- endcall -%}
    {%- endif -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(target_relation, model) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro replace_view(relation, sql, change) %}
    {%- if change == 'columns' -%}
        {%- do make_way(relation) -%}
        create view {{ named(relation, '__next') }} as {{ sql }};
        {{ swap_in(relation, named(relation, '__next')) }}
    {%- else -%}
        create or replace view {{ relation }} as {{ sql }};
    {%- endif -%}
{% endmacro %}
