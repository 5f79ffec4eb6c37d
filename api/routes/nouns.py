"""All the reports, noun by noun."""

from api.reports import Report
from api.routes import (
    accounts,
    indicators,
    library,
    market,
    options,
    people,
    performance,
    portfolios,
    records,
    screening,
)

NOUNS = (
    portfolios,
    performance,
    accounts,
    market,
    indicators,
    screening,
    options,
    people,
    library,
    records,
)
REPORTS: tuple[Report, ...] = tuple(report for noun in NOUNS for report in noun.REPORTS)
