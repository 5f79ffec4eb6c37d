"""Key statistics, holders and corporate actions.

Small and unpartitioned: a row per instrument and day at most.
"""

from migrations.helpers import (
    BIGINT,
    DATE,
    DOUBLE,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_table,
    drop_tables,
    foreign_key,
    one_of,
    primary_key,
)

revision = "market_fundamentals"
down_revision = "market_bars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "market.corporate_actions",
        "Splits, dividends, earnings and the like. One row per instrument, effective day, kind and source.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("effective_day", DATE, "Ex-day of a split or dividend, day of an announcement."),
        column("kind", TEXT, "What happens."),
        column("source_id", BIGINT, "Where the row came from."),
        column("ratio", NUMERIC, "New shares for each old one.", null=True),
        column("amount", NUMERIC, "Money for each share.", null=True),
        column("estimate", NUMERIC, "Earnings for each share that were expected.", null=True),
        column("actual", NUMERIC, "Earnings for each share that were reported.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("instrument_id", "effective_day", "kind", "source_id"),
        one_of(
            "kind",
            "split",
            "stock_dividend",
            "cash_dividend",
            "special_dividend",
            "capital_gain",
            "earnings",
            "spin_off",
            "merger",
            "symbol_change",
            "delisting",
        ),
        check("ratio_positive", "ratio > 0 and ratio < 'Infinity'"),
        check("amount_non_negative", "amount >= 0 and amount < 'Infinity'"),
        check("estimate_finite", "estimate > '-Infinity' and estimate < 'Infinity'"),
        check("actual_finite", "actual > '-Infinity' and actual < 'Infinity'"),
        check("ratio_given", "kind not in ('split', 'stock_dividend') or ratio is not null"),
        check(
            "amount_given",
            "kind not in ('cash_dividend', 'special_dividend', 'capital_gain') or amount is not null",
        ),
    )
    create_table(
        "market.institutional_holders",
        "What institutions report to hold. One row per instrument, day reported and holder.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("date_reported", DATE, "Day the holding was reported for."),
        column("holder_name", TEXT, "Institution, as the source names it."),
        column("source_id", BIGINT, "Where the row came from."),
        column("shares", NUMERIC, "Shares held."),
        column("value", NUMERIC, "Worth of the holding on the day reported.", null=True),
        column("percent_held", DOUBLE, "Share of the stock held; can pass 1.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("instrument_id", "date_reported", "holder_name"),
        check("shares_non_negative", "shares >= 0 and shares < 'Infinity'"),
        check("value_non_negative", "value >= 0 and value < 'Infinity'"),
        check("percent_held_non_negative", "percent_held >= 0 and percent_held < 'Infinity'"),
    )
    create_table(
        "market.key_statistics",
        "Fundamental figures of an issuer; percents are fractions. One row per instrument, day and source.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("as_of", DATE, "Day the figures are for."),
        column("source_id", BIGINT, "Where the row came from."),
        column("market_cap", NUMERIC, "Price times shares outstanding.", null=True),
        column("enterprise_value", NUMERIC, "Market cap plus debt less cash.", null=True),
        column("trailing_pe", DOUBLE, "Price over the last twelve months' earnings.", null=True),
        column(
            "forward_pe", DOUBLE, "Price over the next twelve months' expected earnings.", null=True
        ),
        column("peg_ratio", DOUBLE, "Price over earnings, over earnings growth.", null=True),
        column("price_to_book", DOUBLE, "Price over book value.", null=True),
        column("price_to_sales", DOUBLE, "Price over revenue.", null=True),
        column("enterprise_to_revenue", DOUBLE, "Enterprise value over revenue.", null=True),
        column("enterprise_to_ebitda", DOUBLE, "Enterprise value over EBITDA.", null=True),
        column("profit_margin", DOUBLE, "Net income over revenue.", null=True),
        column("operating_margin", DOUBLE, "Operating income over revenue.", null=True),
        column("return_on_assets", DOUBLE, "Net income over assets.", null=True),
        column("return_on_equity", DOUBLE, "Net income over equity.", null=True),
        column("gross_margin", DOUBLE, "Gross profit over revenue.", null=True),
        column("ebitda_margin", DOUBLE, "EBITDA over revenue.", null=True),
        column("revenue", NUMERIC, "Revenue of the last twelve months.", null=True),
        column("revenue_per_share", NUMERIC, "Revenue for each share.", null=True),
        column("earnings_per_share", NUMERIC, "Net income for each share.", null=True),
        column("total_cash", NUMERIC, "Cash and what is as good as cash.", null=True),
        column("total_debt", NUMERIC, "Short and long debt.", null=True),
        column("debt_to_equity", DOUBLE, "Debt over equity; 1.5 means 150 %.", null=True),
        column("current_ratio", DOUBLE, "Current assets over current liabilities.", null=True),
        column("quick_ratio", DOUBLE, "The same without inventory.", null=True),
        column("free_cash_flow", NUMERIC, "Operating cash flow less investment.", null=True),
        column("operating_cash_flow", NUMERIC, "Cash earned by the business.", null=True),
        column("revenue_growth", DOUBLE, "Growth of revenue over a year.", null=True),
        column("earnings_growth", DOUBLE, "Growth of earnings over a year.", null=True),
        column("beta", DOUBLE, "Sensitivity to the market.", null=True),
        column("fifty_two_week_high", NUMERIC, "Highest price in 52 weeks.", null=True),
        column("fifty_two_week_low", NUMERIC, "Lowest price in 52 weeks.", null=True),
        column("fifty_day_average", NUMERIC, "Mean close of 50 sessions.", null=True),
        column("two_hundred_day_average", NUMERIC, "Mean close of 200 sessions.", null=True),
        column("average_volume", NUMERIC, "Mean daily volume, as the source counts it.", null=True),
        column("dividend_yield", DOUBLE, "Yearly dividend over price.", null=True),
        column("dividend_rate", NUMERIC, "Yearly dividend for each share.", null=True),
        column("payout_ratio", DOUBLE, "Dividends over net income.", null=True),
        column("shares_outstanding", NUMERIC, "Shares issued and not bought back.", null=True),
        column("float_shares", NUMERIC, "Shares that trade freely.", null=True),
        column("shares_short", NUMERIC, "Shares sold short.", null=True),
        column(
            "short_ratio", DOUBLE, "Days of average volume that cover the short shares.", null=True
        ),
        column("held_percent_insiders", DOUBLE, "Share of the stock insiders hold.", null=True),
        column(
            "held_percent_institutions",
            DOUBLE,
            "Share of the stock institutions hold; lent shares count twice, so it can pass 1.",
            null=True,
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("instrument_id", "as_of", "source_id"),
        check("market_cap_non_negative", "market_cap >= 0 and market_cap < 'Infinity'"),
        check("price_to_sales_non_negative", "price_to_sales >= 0 and price_to_sales < 'Infinity'"),
        check("total_cash_non_negative", "total_cash >= 0 and total_cash < 'Infinity'"),
        check("total_debt_non_negative", "total_debt >= 0 and total_debt < 'Infinity'"),
        check("current_ratio_non_negative", "current_ratio >= 0 and current_ratio < 'Infinity'"),
        check("quick_ratio_non_negative", "quick_ratio >= 0 and quick_ratio < 'Infinity'"),
        check(
            "fifty_two_week_high_non_negative",
            "fifty_two_week_high >= 0 and fifty_two_week_high < 'Infinity'",
        ),
        check(
            "fifty_two_week_low_non_negative",
            "fifty_two_week_low >= 0 and fifty_two_week_low < 'Infinity'",
        ),
        check(
            "fifty_day_average_non_negative",
            "fifty_day_average >= 0 and fifty_day_average < 'Infinity'",
        ),
        check(
            "two_hundred_day_average_non_negative",
            "two_hundred_day_average >= 0 and two_hundred_day_average < 'Infinity'",
        ),
        check("average_volume_non_negative", "average_volume >= 0 and average_volume < 'Infinity'"),
        check("dividend_yield_non_negative", "dividend_yield >= 0 and dividend_yield < 'Infinity'"),
        check("dividend_rate_non_negative", "dividend_rate >= 0 and dividend_rate < 'Infinity'"),
        check(
            "shares_outstanding_non_negative",
            "shares_outstanding >= 0 and shares_outstanding < 'Infinity'",
        ),
        check("float_shares_non_negative", "float_shares >= 0 and float_shares < 'Infinity'"),
        check("shares_short_non_negative", "shares_short >= 0 and shares_short < 'Infinity'"),
        check("short_ratio_non_negative", "short_ratio >= 0 and short_ratio < 'Infinity'"),
        check(
            "held_percent_insiders_non_negative",
            "held_percent_insiders >= 0 and held_percent_insiders < 'Infinity'",
        ),
        check(
            "held_percent_institutions_non_negative",
            "held_percent_institutions >= 0 and held_percent_institutions < 'Infinity'",
        ),
        check(
            "enterprise_value_finite",
            "enterprise_value > '-Infinity' and enterprise_value < 'Infinity'",
        ),
        check("trailing_pe_finite", "trailing_pe > '-Infinity' and trailing_pe < 'Infinity'"),
        check("forward_pe_finite", "forward_pe > '-Infinity' and forward_pe < 'Infinity'"),
        check("peg_ratio_finite", "peg_ratio > '-Infinity' and peg_ratio < 'Infinity'"),
        check("price_to_book_finite", "price_to_book > '-Infinity' and price_to_book < 'Infinity'"),
        check(
            "enterprise_to_revenue_finite",
            "enterprise_to_revenue > '-Infinity' and enterprise_to_revenue < 'Infinity'",
        ),
        check(
            "enterprise_to_ebitda_finite",
            "enterprise_to_ebitda > '-Infinity' and enterprise_to_ebitda < 'Infinity'",
        ),
        check("profit_margin_finite", "profit_margin > '-Infinity' and profit_margin < 'Infinity'"),
        check(
            "operating_margin_finite",
            "operating_margin > '-Infinity' and operating_margin < 'Infinity'",
        ),
        check("gross_margin_finite", "gross_margin > '-Infinity' and gross_margin < 'Infinity'"),
        check("ebitda_margin_finite", "ebitda_margin > '-Infinity' and ebitda_margin < 'Infinity'"),
        check(
            "return_on_assets_finite",
            "return_on_assets > '-Infinity' and return_on_assets < 'Infinity'",
        ),
        check(
            "return_on_equity_finite",
            "return_on_equity > '-Infinity' and return_on_equity < 'Infinity'",
        ),
        check("revenue_finite", "revenue > '-Infinity' and revenue < 'Infinity'"),
        check(
            "revenue_per_share_finite",
            "revenue_per_share > '-Infinity' and revenue_per_share < 'Infinity'",
        ),
        check(
            "earnings_per_share_finite",
            "earnings_per_share > '-Infinity' and earnings_per_share < 'Infinity'",
        ),
        check(
            "debt_to_equity_finite", "debt_to_equity > '-Infinity' and debt_to_equity < 'Infinity'"
        ),
        check(
            "free_cash_flow_finite", "free_cash_flow > '-Infinity' and free_cash_flow < 'Infinity'"
        ),
        check(
            "operating_cash_flow_finite",
            "operating_cash_flow > '-Infinity' and operating_cash_flow < 'Infinity'",
        ),
        check(
            "revenue_growth_finite", "revenue_growth > '-Infinity' and revenue_growth < 'Infinity'"
        ),
        check(
            "earnings_growth_finite",
            "earnings_growth > '-Infinity' and earnings_growth < 'Infinity'",
        ),
        check("beta_finite", "beta > '-Infinity' and beta < 'Infinity'"),
        check("payout_ratio_finite", "payout_ratio > '-Infinity' and payout_ratio < 'Infinity'"),
        check("fifty_two_week_order", "fifty_two_week_high >= fifty_two_week_low"),
    )
    foreign_key("market.corporate_actions", ["instrument_id"], "reference.instruments")
    foreign_key("market.corporate_actions", ["source_id"], "reference.sources")
    foreign_key("market.institutional_holders", ["instrument_id"], "reference.instruments")
    foreign_key("market.institutional_holders", ["source_id"], "reference.sources")
    foreign_key("market.key_statistics", ["instrument_id"], "reference.instruments")
    foreign_key("market.key_statistics", ["source_id"], "reference.sources")


def downgrade() -> None:
    drop_tables("market.key_statistics", "market.institutional_holders", "market.corporate_actions")
