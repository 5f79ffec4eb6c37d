{#
  What the accounts of portfolios were worth on each session after the portfolio's opening day, with the rate of
  the account's currency. What was put in or taken out between two sessions counts for the second.
#}
{% macro sessions_of_members(portfolios) -%}
    select
        sessions.*,
        case when accounts.base_currency = sessions.base_currency then 1 else fx_rates.fx_rate end as rate
    from (
        select
            valued.*,
            valued.flows_so_far - lag(valued.flows_so_far, 1, 0::numeric) over (
                partition by valued.portfolio_id, valued.account_id order by valued.value_day
            ) as flow
        from (
            select
                {{ portfolios }}.portfolio_id,
                {{ portfolios }}.base_currency,
                days.*,
                sum(days.external_flow) over (
                    partition by {{ portfolios }}.portfolio_id, days.account_id order by days.value_day
                ) as flows_so_far
            from {{ portfolios }}
            inner join {{ ref('stg_portfolio__portfolio_accounts') }} as members
                on {{ portfolios }}.portfolio_id = members.portfolio_id
            inner join {{ ref('portfolio_value_daily') }} as days
                on
                    members.account_id = days.account_id
                    and days.value_day > coalesce({{ portfolios }}.opening_day, '-infinity')
        ) as valued
        where valued.is_session
    ) as sessions
    inner join {{ ref('stg_reference__accounts') }} as accounts on sessions.account_id = accounts.account_id
    left join {{ ref('fx_rates_daily') }} as fx_rates
        on
            accounts.base_currency = fx_rates.from_currency
            and sessions.base_currency = fx_rates.to_currency
            and sessions.value_day >= fx_rates.fx_day
            and sessions.value_day < fx_rates.until_day
{%- endmacro %}
