"""One run at a time: a second one waits until the first is done with the server."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import BusyError

POLL = 0.05


@contextmanager
def exclusive(lock: Path, patience: float) -> Iterator[int]:
    """Hold the lock for the block, and give its descriptor for programs to inherit.

    The system lets go of it when everybody who has the descriptor is gone, killed or not.
    """
    # Read-only, so that a lock file root once made does not shut out its folder's owner.
    handle = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(handle, lock, time.monotonic() + patience)
        yield handle
    finally:
        os.close(handle)


def _acquire(handle: int, lock: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BusyError(
                    f"Another run still holds {lock}; wait for it, or stop it first."
                ) from None
            time.sleep(POLL)
        else:
            return
