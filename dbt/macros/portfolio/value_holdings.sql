{#
  What is held, in the account's currency: at the mark of the day, else at the newest before, in the units of the
  day, else at the mean price of the newest trades. Null without an exchange rate.
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
    left join {{ ref('mark_sources') }} as chosen on {{ held }}.instrument_id = chosen.instrument_id
    left join {{ ref('stg_reference__daily_marks') }} as marked
        on
            {{ held }}.instrument_id = marked.instrument_id
            and {{ held }}.value_day = marked.mark_day
            and chosen.source_id = marked.source_id
    left join lateral (
        select
            m.mark_price / (
                select market.product(splits.ratio)
                from {{ ref('splits') }} as splits
                where
                    splits.instrument_id = m.instrument_id
                    and splits.effective_day > m.mark_day
                    and splits.effective_day <= {{ held }}.value_day
            ) as mark_price
        from {{ ref('stg_reference__daily_marks') }} as m
        where
            marked.mark_price is null
            and m.instrument_id = {{ held }}.instrument_id
            and m.source_id = chosen.source_id
            and m.mark_day < {{ held }}.value_day
        order by m.mark_day desc
        limit 1
    ) as earlier on true
    left join {{ ref('fx_rates_daily') }} as fx_rates
        on
            instruments.currency = fx_rates.from_currency
            and accounts.base_currency = fx_rates.to_currency
            and {{ held }}.value_day >= fx_rates.fx_day
            and {{ held }}.value_day < fx_rates.until_day
{%- endmacro %}
