with

source as (

    select * from {{ source('market', 'key_statistics') }}

),

final as (

    select
        instrument_id,
        as_of,
        source_id,
        market_cap,
        enterprise_value,
        trailing_pe,
        forward_pe,
        peg_ratio,
        price_to_book,
        price_to_sales,
        enterprise_to_revenue,
        enterprise_to_ebitda,
        profit_margin,
        operating_margin,
        return_on_assets,
        return_on_equity,
        gross_margin,
        ebitda_margin,
        revenue,
        revenue_per_share,
        earnings_per_share,
        total_cash,
        total_debt,
        debt_to_equity,
        current_ratio,
        quick_ratio,
        free_cash_flow,
        operating_cash_flow,
        revenue_growth,
        earnings_growth,
        beta,
        fifty_two_week_high,
        fifty_two_week_low,
        fifty_day_average,
        two_hundred_day_average,
        average_volume,
        dividend_yield,
        dividend_rate,
        payout_ratio,
        shares_outstanding,
        float_shares,
        shares_short,
        short_ratio,
        held_percent_insiders,
        held_percent_institutions
    from source

)

select * from final
