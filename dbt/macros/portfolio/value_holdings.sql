{#
  What is held, in the account's currency: at the mark of the day, else at the newest before, else at the mean
  price of the newest trades. Null without an exchange rate.
#}
{% macro value_holdings(held) -%}
    select
        {{ held }}.*,
        coalesce(marked.mark_price, earlier.mark_price) as mark_price,
        {{ held }}.quantity * coalesce(marked.mark_price, earlier.mark_price, {{ held }}.price) * instruments.multiplier
        * case when instruments.currency = accounts.base_currency then 1 else fx_rates.fx_rate end as value
    from {{ held }}
    inner join {{ ref('stg_reference__accounts') }} as accounts on {{ held }}.account_id = accounts.account_id
    inner join {{ ref('stg_reference__instruments') }} as instruments
        on {{ held }}.instrument_id = instruments.instrument_id
    left join {{ ref('int_latest_marks') }} as latest on {{ held }}.instrument_id = latest.instrument_id
    left join {{ ref('stg_reference__daily_marks') }} as marked
        on
            {{ held }}.instrument_id = marked.instrument_id
            and {{ held }}.value_day = marked.mark_day
            and latest.source_id = marked.source_id
    left join lateral (
        select m.mark_price
        from {{ ref('stg_reference__daily_marks') }} as m
        where
            marked.mark_price is null
            and m.instrument_id = {{ held }}.instrument_id
            and m.source_id = latest.source_id
            and m.mark_day < {{ held }}.value_day
        order by m.mark_day desc
        limit 1
    ) as earlier on true
    left join {{ ref('int_fx_rates') }} as fx_rates
        on
            instruments.currency = fx_rates.from_currency
            and accounts.base_currency = fx_rates.to_currency
            and {{ held }}.value_day >= fx_rates.fx_day
            and {{ held }}.value_day < fx_rates.until_day
{%- endmacro %}
