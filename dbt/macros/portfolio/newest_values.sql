{# The accounts of portfolios, with the newest rate of each account's currency in the portfolio's. #}
{% macro members_with_currencies() -%}
    select
        members.portfolio_id,
        members.account_id,
        portfolios.base_currency,
        accounts.base_currency as account_currency,
        case when accounts.base_currency = portfolios.base_currency then 1 else fx_rates.fx_rate end as latest_rate
    from {{ ref('stg_portfolio__portfolio_accounts') }} as members
    inner join {{ ref('stg_portfolio__portfolios') }} as portfolios on members.portfolio_id = portfolios.portfolio_id
    inner join {{ ref('stg_reference__accounts') }} as accounts on members.account_id = accounts.account_id
    left join {{ ref('int_latest_fx_rates') }} as fx_rates
        on
            accounts.base_currency = fx_rates.from_currency
            and portfolios.base_currency = fx_rates.to_currency
{%- endmacro %}


{# What each account was last valued at, with the rate of that day in the portfolio's currency. #}
{% macro newest_values(members) -%}
    select
        {{ members }}.portfolio_id,
        newest.*,
        case
            when {{ members }}.account_currency = {{ members }}.base_currency then 1 else fx_rates.fx_rate
        end as rate
    from {{ members }}
    cross join lateral (
        select valued.*
        from {{ ref('portfolio_value_daily') }} as valued
        where valued.account_id = {{ members }}.account_id
        order by valued.value_day desc
        limit 1
    ) as newest
    left join {{ ref('fx_rates_daily') }} as fx_rates
        on
            {{ members }}.account_currency = fx_rates.from_currency
            and {{ members }}.base_currency = fx_rates.to_currency
            and newest.value_day >= fx_rates.fx_day
            and newest.value_day < fx_rates.until_day
{%- endmacro %}


{# What the accounts of portfolios earned and were charged so far, at the newest rates. #}
{% macro earned_and_charged(members) -%}
    select
        {{ members }}.portfolio_id,
        sum(entries.amount * rates.rate) filter (where entries.kind in ('dividend', 'interest')) as income,
        sum(-entries.amount * rates.rate) filter (
            where entries.kind not in ('dividend', 'interest', 'other')
        ) as charges
    from {{ members }}
    inner join {{ ref('account_income_fees') }} as entries on {{ members }}.account_id = entries.account_id
    left join {{ ref('int_latest_fx_rates') }} as fx_rates
        on
            entries.currency = fx_rates.from_currency
            and {{ members }}.base_currency = fx_rates.to_currency
    cross join lateral (
        select case when entries.currency = {{ members }}.base_currency then 1 else fx_rates.fx_rate end as rate
    ) as rates
    group by {{ members }}.portfolio_id
{%- endmacro %}
