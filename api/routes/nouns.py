"""All the reports, noun by noun."""

from api.reports import Report
from api.routes import accounts, library, market, options, people, portfolios, records

NOUNS = (portfolios, accounts, market, options, people, library, records)
REPORTS: tuple[Report, ...] = tuple(report for noun in NOUNS for report in noun.REPORTS)
