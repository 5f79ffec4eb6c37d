"""How often and how much at once a key may ask, of one process."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from api.credentials import Key
from api.errors import RATE_LIMITED, TOO_MANY_AT_ONCE, Problem

MINUTE = 60.0
KEPT = 10_000


@dataclass
class Limits:
    """A minute's requests may come at once, and then at the even rate (GCRA); 0 sets no rate."""

    rate: int
    concurrency: int
    running: dict[int, int] = field(default_factory=dict)
    due: dict[int, float] = field(default_factory=dict)

    def held(self, key: Key, weight: int = 1) -> "Held":
        """For as long as a request runs; a `Problem` where it may not begin."""
        return Held(self, key, weight)

    def begin(self, key: Key, weight: int = 1) -> None:
        now = self.running.get(key.api_key_id, 0)
        if now >= (key.concurrency_limit or self.concurrency):
            raise Problem(TOO_MANY_AT_ONCE, f"The key has {now} requests under way.")
        self._count(key, weight)
        self.running[key.api_key_id] = now + 1

    def end(self, key: Key) -> None:
        self.running[key.api_key_id] -= 1
        if not self.running[key.api_key_id]:
            del self.running[key.api_key_id]

    def _count(self, key: Key, weight: int) -> None:
        rate = key.rate_limit or self.rate
        if not rate:
            return
        now = time.monotonic()
        due = max(self.due.get(key.api_key_id, now), now)
        early = due + weight * MINUTE / rate - now - MINUTE
        if early > 1e-9:
            raise Problem(
                RATE_LIMITED,
                f"The key may ask {rate} times a minute.",
                retry_after=math.ceil(early),
            )
        if len(self.due) >= KEPT:
            self.due = {each: at for each, at in self.due.items() if at > now}
        self.due[key.api_key_id] = due + weight * MINUTE / rate


class Held:
    """A request that counts for a block, or until whoever it was passed on to ends it."""

    def __init__(self, limits: Limits, key: Key, weight: int) -> None:
        self.end: Callable[[], None] | None = partial(limits.end, key)
        limits.begin(key, weight)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.end:
            self.end()

    def passed_on(self) -> Callable[[], None]:
        """What ends it."""
        assert self.end
        end, self.end = self.end, None
        return end
