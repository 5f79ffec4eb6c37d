"""Work that goes on in threads while its results are used: the server, the codecs and the disk at once."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

DEPTH = 2
_END: Final = object()


def ahead(items: Iterable[Item], depth: int = DEPTH) -> Generator[Item, None, None]:
    """The items, made at most `depth` before they are asked for; close it to end the work."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, iterator, _END) for _ in range(depth))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(pool.submit(next, iterator, _END))
                yield item  # type: ignore[misc]
        finally:
            for future in waiting:
                future.cancel()


def spread(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int = DEPTH
) -> Generator[Result, None, None]:
    """The work's results in the order of the items, several at a time; close it to end the work."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
