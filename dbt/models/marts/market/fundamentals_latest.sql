{{
    config(
        indexes=[
            {'columns': ['instrument_id'], 'unique': true},
        ]
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

sources as (

    select * from {{ ref('stg_reference__sources') }}

),

key_statistics as (

    select * from {{ ref('stg_market__key_statistics') }}

),

final as (

    select
        instruments.instrument_id,
        instruments.symbol,
        instruments.asset_type,
        instruments.exchange,
        instruments.currency,
        instruments.company_name,
        instruments.sector,
        instruments.industry,
        instruments.country,
        chosen.source_name,
        chosen.as_of,
        chosen.market_cap,
        chosen.enterprise_value,
        chosen.trailing_pe,
        chosen.forward_pe,
        chosen.peg_ratio,
        chosen.price_to_book,
        chosen.price_to_sales,
        chosen.enterprise_to_revenue,
        chosen.enterprise_to_ebitda,
        chosen.profit_margin,
        chosen.operating_margin,
        chosen.return_on_assets,
        chosen.return_on_equity,
        chosen.gross_margin,
        chosen.ebitda_margin,
        chosen.revenue,
        chosen.revenue_per_share,
        chosen.earnings_per_share,
        chosen.total_cash,
        chosen.total_debt,
        chosen.debt_to_equity,
        chosen.current_ratio,
        chosen.quick_ratio,
        chosen.free_cash_flow,
        chosen.operating_cash_flow,
        chosen.revenue_growth,
        chosen.earnings_growth,
        chosen.beta,
        chosen.fifty_two_week_high,
        chosen.fifty_two_week_low,
        chosen.fifty_day_average,
        chosen.two_hundred_day_average,
        chosen.average_volume,
        chosen.dividend_yield,
        chosen.dividend_rate,
        chosen.payout_ratio,
        chosen.shares_outstanding,
        chosen.float_shares,
        chosen.shares_short,
        chosen.short_ratio,
        chosen.held_percent_insiders,
        chosen.held_percent_institutions
    from instruments
    cross join lateral (
        {{ newest_from_first_source('key_statistics', 'instruments', key='instrument_id', day='as_of') }}
    ) as chosen

)

select * from final
