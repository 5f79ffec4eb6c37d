{# Cash of each day in the account's currency. Money in another is taken at its day's rate, and stays that. #}
{% macro convert_cash(cash) -%}
    select
        converted.account_id,
        converted.cash_day,
        sum(converted.cash_change * converted.rate) as cash_change,
        sum(converted.external_flow * converted.rate) as external_flow,
        count(*) filter (where converted.rate is null) as unconverted_count
    from (
        select
            {{ cash }}.*,
            case when {{ cash }}.currency = accounts.base_currency then 1 else fx_rates.fx_rate end as rate
        from {{ cash }}
        inner join {{ ref('stg_reference__accounts') }} as accounts on {{ cash }}.account_id = accounts.account_id
        left join {{ ref('fx_rates_daily') }} as fx_rates
            on
                {{ cash }}.currency = fx_rates.from_currency
                and accounts.base_currency = fx_rates.to_currency
                and {{ cash }}.cash_day >= fx_rates.fx_day
                and {{ cash }}.cash_day < fx_rates.until_day
    ) as converted
    group by converted.account_id, converted.cash_day
{%- endmacro %}
