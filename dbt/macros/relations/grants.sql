{# dbt-postgres asks information_schema, which knows no materialized views: none's grants were revoked. #}
{% macro postgres__get_show_grant_sql(relation) %}
    select a.grantee::regrole::text as grantee, a.privilege_type
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as a
    where
        c.oid = '{{ relation }}'::regclass
        and a.grantor = current_role::regrole
        and a.grantee not in (0, c.relowner)
{%- endmacro %}


{# What is replaced in place, as everything is here, keeps its grants. #}
{% macro postgres__copy_grants() %}
    {%- do return(true) -%}
{% endmacro %}
