"""`warehouse nightly`: what is due once a night, when the day's facts are there."""

from dataclasses import asdict

from warehouse.cli.output import Json, emit
from warehouse.cli.refresh import connection, exit_if_failed, show
from warehouse.refresh import runs
from warehouse.refresh.moment import refresh_at_one_moment

# With all they read: history, positions, concentration and summary.
RISK = ("marts.portfolio_risk", "marts.portfolio_exposure")


def nightly(as_json: Json = False) -> None:
    """Compute worth and risk of all portfolios as of one moment, then the rest; exits with 1 if one failed.

    Example: warehouse nightly
    """
    with connection() as conn:
        outcome = refresh_at_one_moment(conn, RISK)
        rest = runs.refresh(conn)
    outcome.runs += rest.runs
    outcome.failed += rest.failed
    emit([asdict(run) for run in outcome.runs], as_json, lambda _: show(outcome))
    exit_if_failed(outcome)
