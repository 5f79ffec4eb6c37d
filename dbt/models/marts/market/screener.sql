{#- What one can filter by, a column and its index each; pages go on from the value and the instrument. -#}
{% set fundamentals = [
    'market_cap', 'enterprise_value', 'trailing_pe', 'forward_pe', 'peg_ratio', 'price_to_book', 'price_to_sales',
    'enterprise_to_revenue', 'enterprise_to_ebitda', 'profit_margin', 'operating_margin', 'gross_margin',
    'return_on_assets', 'return_on_equity', 'revenue', 'earnings_per_share', 'debt_to_equity', 'current_ratio',
    'quick_ratio', 'free_cash_flow', 'revenue_growth', 'earnings_growth', 'beta', 'dividend_yield', 'payout_ratio',
    'short_ratio', 'held_percent_insiders', 'held_percent_institutions'
] %}
{% set indicators = [
    'rsi_14', 'macd_line', 'macd_histogram', 'bollinger_position', 'bollinger_width', 'volatility_20',
    'price_change_1d', 'price_change_5d', 'price_change_30d', 'average_volume_20'
] %}
{% set made = [
    'price', 'volume', 'relative_volume', 'from_sma_20', 'from_sma_50', 'from_sma_200', 'from_52_week_high',
    'from_52_week_low'
] %}
{% set words = ['asset_type', 'exchange', 'currency', 'sector', 'industry', 'country'] %}
{% set indexes = [{'columns': ['instrument_id'], 'unique': true}, {'columns': ['symbol']}] %}
{% for filter in words + made + fundamentals + indicators -%}
    {%- do indexes.append({'columns': [filter, 'instrument_id']}) -%}
{%- endfor %}
{{ config(indexes=indexes) }}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

market_latest as (

    select * from {{ ref('market_latest') }}

),

fundamentals_latest as (

    select * from {{ ref('fundamentals_latest') }}

),

technical_indicators_latest as (

    select * from {{ ref('technical_indicators_latest') }}

),

-- Adjusted closes of 52 weeks.
ranges as (

    select
        market_latest.instrument_id,
        max(bars_1d.adjusted_close)::double precision as high,
        min(bars_1d.adjusted_close)::double precision as low
    from market_latest
    inner join {{ ref('bars_1d') }} as bars_1d
        on
            market_latest.instrument_id = bars_1d.instrument_id
            and bars_1d.bar_day > market_latest.bar_day - 364
    group by market_latest.instrument_id

),

final as (

    select
        instruments.instrument_id,
        instruments.symbol,
        {%- for word in words %}
            instruments.{{ word }},
        {%- endfor %}
        instruments.company_name,
        market_latest.bar_day,
        market_latest.price,
        market_latest.volume,
        market_latest.volume / nullif(indicators.average_volume_20, 0) as relative_volume,
        indicators.adjusted_close / indicators.sma_20 - 1 as from_sma_20,
        indicators.adjusted_close / indicators.sma_50 - 1 as from_sma_50,
        indicators.adjusted_close / indicators.sma_200 - 1 as from_sma_200,
        indicators.adjusted_close / ranges.high - 1 as from_52_week_high,
        indicators.adjusted_close / ranges.low - 1 as from_52_week_low,
        fundamentals.as_of,
        {%- for figure in fundamentals %}
            fundamentals.{{ figure }},
        {%- endfor %}
        {%- for figure in indicators %}
            indicators.{{ figure }},
        {%- endfor %}
        instruments.is_active
    from instruments
    left join market_latest on instruments.instrument_id = market_latest.instrument_id
    left join fundamentals_latest as fundamentals on instruments.instrument_id = fundamentals.instrument_id
    left join technical_indicators_latest as indicators
        on instruments.instrument_id = indicators.instrument_id
    left join ranges on instruments.instrument_id = ranges.instrument_id
    where coalesce(market_latest.instrument_id, fundamentals.instrument_id) is not null

)

select * from final
