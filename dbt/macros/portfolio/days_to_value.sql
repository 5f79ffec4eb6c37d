{#
  The days in scope on which accounts are valued: the sessions of the home exchange that have marks, from an
  account's first day on, and every day on which its positions or its cash moved, so that nothing waits for a
  session. Numbered for each account.
#}
{% macro days_to_value() -%}
    select
        valued.account_id,
        valued.value_day,
        bool_or(valued.is_session) as is_session,
        row_number() over (partition by valued.account_id order by valued.value_day) as day_no,
        count(*) over (partition by valued.account_id) as day_count
    from (
        select
            moved.account_id,
            moved.value_day,
            moved.is_session
        from ({{ days_moved() }}) as moved
        union all
        select
            starts.account_id,
            sessions.value_day,
            true as is_session
        from ({{ first_days() }}) as starts
        inner join ({{ marked_sessions() }}) as sessions on sessions.value_day >= starts.first_day
    ) as valued
    group by valued.account_id, valued.value_day
{%- endmacro %}


{% macro days_moved() -%}
    select account_id, position_day as value_day, false as is_session
    from {{ ref('positions_daily') }}
    where {{ in_scope_days('position_day', 'account_id') }}
    union
    select account_id, cash_day as value_day, false as is_session
    from {{ ref('cash_daily') }}
    where {{ in_scope_days('cash_day', 'account_id') }}
{%- endmacro %}


{# An account with rows before the scope goes on from its beginning, another from its first movement. #}
{% macro first_days() -%}
    select
        accounts.account_id,
        coalesce(newest.value_day, first_moved.value_day) as first_day
    from {{ ref('stg_reference__accounts') }} as accounts
    left join lateral ({{ newest_own_row('accounts.account_id', 'value_day', 'own.value_day') }}) as newest on true
    left join (select account_id, min(value_day) as value_day from ({{ days_moved() }}) as m group by account_id)
        as first_moved on accounts.account_id = first_moved.account_id
    where {{ in_scope_keys('accounts.account_id') }}
{%- endmacro %}


{% macro marked_sessions() -%}
    select trading_days.trading_day as value_day
    from {{ ref('stg_reference__trading_days') }} as trading_days
    inner join {{ ref('marks_daily') }} as marks_daily on trading_days.trading_day = marks_daily.mark_day
    where
        trading_days.exchange = '{{ var('home_exchange') }}'
        and {{ in_scope_days('marks_daily.mark_day') }}
{%- endmacro %}
