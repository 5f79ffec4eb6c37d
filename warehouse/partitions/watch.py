"""Does a piece of work over and over until told to stop; what goes wrong is told, then tried again."""

import logging
from collections.abc import Callable
from threading import Event
from typing import Any

from psycopg import Error as DriverError

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError

logger = logging.getLogger(__name__)

FIRST_PAUSE = 5.0  # after a failure; doubles up to the interval


def watch(work: Callable[[], Any], every: float, stop: Event) -> None:
    """Work, then wait `every` seconds; a stop ends the wait at once and the work after its step."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            work()
            wait, pause = every, FIRST_PAUSE
        except (DriverError, WarehouseError, OSError) as error:
            logger.warning("%s; again in %.0f s", translate(error), min(pause, every))
            wait, pause = min(pause, every), min(pause * 2, every)
        stop.wait(wait)
