"""Tries a piece of work again when the server says that it would go well another time.

The work must hold its whole transaction: what is repeated inside one meets the same conflict.
"""

import logging

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from warehouse.db.errors import translate
from warehouse.errors import DatabaseError, OutcomeUnknown

logger = logging.getLogger(__name__)

# Serialization failure, deadlock, lock not available; server stopping, crashed, starting up.
TRANSIENT = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03"})
CONNECTION_LOST = "08"

ATTEMPTS = 5
FIRST_WAIT = 0.05
LONGEST_WAIT = 2.0


def is_transient(error: BaseException) -> bool:
    """Whether repeating may help, by SQLSTATE alone.

    A commit whose outcome is unknown is not repeated: it may have been kept.
    """
    ours = translate(error) if isinstance(error, Exception) else error
    if not isinstance(ours, DatabaseError) or isinstance(ours, OutcomeUnknown):
        return False
    state = ours.sqlstate or ""
    return state in TRANSIENT or state.startswith(CONNECTION_LOST)


def retrying(
    attempts: int = ATTEMPTS, first_wait: float = FIRST_WAIT, longest_wait: float = LONGEST_WAIT
) -> Retrying:
    """`retrying()(work, …)`, or `for attempt in retrying(): with attempt: …`; the last error is raised.

    Each wait is drawn from zero to a bound that doubles: writers that met once do not meet again.
    """
    return Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=first_wait, max=longest_wait),
        retry=retry_if_exception(is_transient),
        before_sleep=_log,
        reraise=True,
    )


def async_retrying(
    attempts: int = ATTEMPTS, first_wait: float = FIRST_WAIT, longest_wait: float = LONGEST_WAIT
) -> AsyncRetrying:
    """The same for coroutines: `await async_retrying()(work, …)`, or `async for attempt in …`."""
    return AsyncRetrying(
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=first_wait, max=longest_wait),
        retry=retry_if_exception(is_transient),
        before_sleep=_log,
        reraise=True,
    )


def _log(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    logger.info(
        "attempt %d met SQLSTATE %s; again in %.2f s",
        state.attempt_number,
        getattr(error, "sqlstate", None),
        state.upcoming_sleep,
    )
