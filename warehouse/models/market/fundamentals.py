"""What is known of the issuer: key statistics, large holders and corporate actions."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Recorded,
    Timestamped,
    check,
    choice,
    column,
    finite,
    instrument,
    non_negative,
    one_of,
    positive,
    source,
    table,
)


class CorporateActionKind(StrEnum):
    SPLIT = "split"
    STOCK_DIVIDEND = "stock_dividend"
    CASH_DIVIDEND = "cash_dividend"
    SPECIAL_DIVIDEND = "special_dividend"
    CAPITAL_GAIN = "capital_gain"
    EARNINGS = "earnings"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    SYMBOL_CHANGE = "symbol_change"
    DELISTING = "delisting"


class KeyStatistics(Timestamped, Recorded, Base):
    __tablename__ = "key_statistics"
    __table_args__ = table(
        "market",
        "Fundamental figures of an issuer; percents are fractions. One row per instrument, day and source.",
        *non_negative("market_cap", "price_to_sales", "total_cash", "total_debt"),
        *non_negative("current_ratio", "quick_ratio"),
        *non_negative("fifty_two_week_high", "fifty_two_week_low"),
        *non_negative("fifty_day_average", "two_hundred_day_average", "average_volume"),
        *non_negative("dividend_yield", "dividend_rate"),
        *non_negative("shares_outstanding", "float_shares", "shares_short", "short_ratio"),
        *non_negative("held_percent_insiders", "held_percent_institutions"),
        # Losses, negative equity and net cash make all of these negative in real reports.
        *finite("enterprise_value", "trailing_pe", "forward_pe", "peg_ratio", "price_to_book"),
        *finite("enterprise_to_revenue", "enterprise_to_ebitda"),
        *finite("profit_margin", "operating_margin", "gross_margin", "ebitda_margin"),
        *finite("return_on_assets", "return_on_equity"),
        *finite("revenue", "revenue_per_share", "earnings_per_share", "debt_to_equity"),
        *finite("free_cash_flow", "operating_cash_flow"),
        *finite("revenue_growth", "earnings_growth", "beta", "payout_ratio"),
        check("fifty_two_week_order", "fifty_two_week_high >= fifty_two_week_low"),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    as_of: Mapped[date] = column("Day the figures are for.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)

    market_cap: Mapped[Decimal | None] = column("Price times shares outstanding.")
    enterprise_value: Mapped[Decimal | None] = column("Market cap plus debt less cash.")
    trailing_pe: Mapped[float | None] = column("Price over the last twelve months' earnings.")
    forward_pe: Mapped[float | None] = column(
        "Price over the next twelve months' expected earnings."
    )
    peg_ratio: Mapped[float | None] = column("Price over earnings, over earnings growth.")
    price_to_book: Mapped[float | None] = column("Price over book value.")
    price_to_sales: Mapped[float | None] = column("Price over revenue.")
    enterprise_to_revenue: Mapped[float | None] = column("Enterprise value over revenue.")
    enterprise_to_ebitda: Mapped[float | None] = column("Enterprise value over EBITDA.")

    profit_margin: Mapped[float | None] = column("Net income over revenue.")
    operating_margin: Mapped[float | None] = column("Operating income over revenue.")
    return_on_assets: Mapped[float | None] = column("Net income over assets.")
    return_on_equity: Mapped[float | None] = column("Net income over equity.")
    gross_margin: Mapped[float | None] = column("Gross profit over revenue.")
    ebitda_margin: Mapped[float | None] = column("EBITDA over revenue.")

    revenue: Mapped[Decimal | None] = column("Revenue of the last twelve months.")
    revenue_per_share: Mapped[Decimal | None] = column("Revenue for each share.")
    earnings_per_share: Mapped[Decimal | None] = column("Net income for each share.")
    total_cash: Mapped[Decimal | None] = column("Cash and what is as good as cash.")
    total_debt: Mapped[Decimal | None] = column("Short and long debt.")
    debt_to_equity: Mapped[float | None] = column("Debt over equity; 1.5 means 150 %.")
    current_ratio: Mapped[float | None] = column("Current assets over current liabilities.")
    quick_ratio: Mapped[float | None] = column("The same without inventory.")
    free_cash_flow: Mapped[Decimal | None] = column("Operating cash flow less investment.")
    operating_cash_flow: Mapped[Decimal | None] = column("Cash earned by the business.")

    revenue_growth: Mapped[float | None] = column("Growth of revenue over a year.")
    earnings_growth: Mapped[float | None] = column("Growth of earnings over a year.")

    beta: Mapped[float | None] = column("Sensitivity to the market.")
    fifty_two_week_high: Mapped[Decimal | None] = column("Highest price in 52 weeks.")
    fifty_two_week_low: Mapped[Decimal | None] = column("Lowest price in 52 weeks.")
    fifty_day_average: Mapped[Decimal | None] = column("Mean close of 50 sessions.")
    two_hundred_day_average: Mapped[Decimal | None] = column("Mean close of 200 sessions.")
    average_volume: Mapped[Decimal | None] = column("Mean daily volume, as the source counts it.")

    dividend_yield: Mapped[float | None] = column("Yearly dividend over price.")
    dividend_rate: Mapped[Decimal | None] = column("Yearly dividend for each share.")
    payout_ratio: Mapped[float | None] = column("Dividends over net income.")

    shares_outstanding: Mapped[Decimal | None] = column("Shares issued and not bought back.")
    float_shares: Mapped[Decimal | None] = column("Shares that trade freely.")
    shares_short: Mapped[Decimal | None] = column("Shares sold short.")
    short_ratio: Mapped[float | None] = column(
        "Days of average volume that cover the short shares."
    )
    held_percent_insiders: Mapped[float | None] = column("Share of the stock insiders hold.")
    held_percent_institutions: Mapped[float | None] = column(
        "Share of the stock institutions hold; lent shares count twice, so it can pass 1."
    )


class InstitutionalHolder(Timestamped, Recorded, Base):
    __tablename__ = "institutional_holders"
    __table_args__ = table(
        "market",
        "What institutions report to hold. One row per instrument, day reported and holder.",
        *non_negative("shares", "value", "percent_held"),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    # The day stands before the holder: the newest report of an instrument is one range of the key.
    date_reported: Mapped[date] = column("Day the holding was reported for.", primary_key=True)
    holder_name: Mapped[str] = column("Institution, as the source names it.", primary_key=True)
    source_id: Mapped[int] = source()
    shares: Mapped[Decimal] = column("Shares held.")
    value: Mapped[Decimal | None] = column("Worth of the holding on the day reported.")
    percent_held: Mapped[float | None] = column("Share of the stock held; can pass 1.")


class CorporateAction(Timestamped, Recorded, Base):
    __tablename__ = "corporate_actions"
    __table_args__ = table(
        "market",
        "Splits, dividends, earnings and the like. One row per instrument, effective day, kind and source.",
        one_of("kind", CorporateActionKind),
        *positive("ratio"),
        *non_negative("amount"),
        *finite("estimate", "actual"),
        check("ratio_given", "kind not in ('split', 'stock_dividend') or ratio is not null"),
        check(
            "amount_given",
            "kind not in ('cash_dividend', 'special_dividend', 'capital_gain') or amount is not null",
        ),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    effective_day: Mapped[date] = column(
        "Ex-day of a split or dividend, day of an announcement.", primary_key=True
    )
    kind: Mapped[CorporateActionKind] = choice(
        "What happens.", CorporateActionKind, primary_key=True
    )
    source_id: Mapped[int] = source(primary_key=True)
    # numeric, unlike other ratios: it multiplies quantities, which must stay exact.
    ratio: Mapped[Decimal | None] = column("New shares for each old one.")
    amount: Mapped[Decimal | None] = column("Money for each share.")
    estimate: Mapped[Decimal | None] = column("Earnings for each share that were expected.")
    actual: Mapped[Decimal | None] = column("Earnings for each share that were reported.")
