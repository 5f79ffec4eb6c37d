{#
  What has changes in scope, with what was held before: whatever was traded, and what splits of what was
  traded before. The model must have CTEs called `flows` and `splits`.
#}
{% macro positions_before() -%}
    select
        touched.account_id,
        touched.instrument_id,
        newest.quantity,
        newest.last_price
    from (
        select
            flows.account_id,
            flows.instrument_id
        from flows
        union
        select
            own.account_id,
            own.instrument_id
        from {{ own_rows() }} as own
        where
            own.instrument_id in (select splits.instrument_id from splits)
            and {{ before_scope_days('own.position_day') }}
            and {{ in_scope_keys('own.account_id') }}
    ) as touched
    left join lateral (
        select
            own.quantity,
            own.last_price
        from {{ own_rows() }} as own
        where
            own.account_id = touched.account_id
            and own.instrument_id = touched.instrument_id
            and {{ before_scope_days('own.position_day') }}
        order by own.position_day desc
        limit 1
    ) as newest on true
{%- endmacro %}
