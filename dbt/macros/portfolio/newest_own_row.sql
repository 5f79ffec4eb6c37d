{# An account's own newest row before the scope, which a forward rollup by account and day goes on from. #}
{% macro newest_own_row(account_id, day, columns) -%}
        select {{ columns }}
        from {{ own_rows() }} as own
        where own.account_id = {{ account_id }} and {{ before_scope_days('own.' ~ day) }}
        order by own.{{ day }} desc
        limit 1
{%- endmacro %}
