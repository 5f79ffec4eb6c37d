"""What was answered lately, and is true as long as its generation: kept in memory up to a size."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Page:
    """A report's page, before it is put into a form of transport."""

    body: bytes
    tagged: bytes  # what names its state where no generation does
    rows: int
    generation: str | None
    as_of: str | None
    lag: float | None = None
    found: bool = True
    milliseconds: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)  # by form, once they were made
    heads: dict[str, Headers] = field(default_factory=dict)
    packed: dict[str, bytes] = field(default_factory=dict)  # by encoding


# What a dictionary entry, its key and its headers take besides the body.
OVERHEAD = 2_000


async def _nothing() -> None:
    """Nothing is known of how to read it."""


@dataclass
class _Kept:
    """A page, the relations that it is made of, how often it was asked for, and how it is read again."""

    page: Page
    sources: Sequence[str]
    again: Callable[[], Awaitable[object]]
    hits: int = 0


@dataclass
class Cache:
    """The least lately used goes first; a page of another generation is no hit, and goes too."""

    bytes_at_most: int
    hits: int = 0
    misses: int = 0
    size: int = 0
    kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, generation: str) -> Page | None:
        kept = self.kept.get(key)
        if kept is None or kept.page.generation != generation:
            self.misses += 1
            return None
        self.kept.move_to_end(key)
        self.hits += 1
        kept.hits += 1
        return kept.page

    def put(
        self,
        key: Hashable,
        page: Page,
        sources: Sequence[str] = (),
        again: Callable[[], Awaitable[object]] = _nothing,
    ) -> None:
        hits = self._take(key)
        self.kept[key] = _Kept(page, sources, again, hits)
        self.size += _size(page)
        while self.size > self.bytes_at_most:
            self._take(next(iter(self.kept)))

    def most_read(self, relation: str, most: int) -> list[Callable[[], Awaitable[object]]]:
        """How to read again what is asked for most of all that is made of a relation."""
        found = [kept for kept in self.kept.values() if relation in kept.sources and kept.hits]
        return [kept.again for kept in nlargest(most, found, key=lambda kept: kept.hits)]

    def _take(self, key: Hashable) -> int:
        """Half of its hits stay with it: what was read much once is forgotten in time."""
        kept = self.kept.pop(key, None)
        if kept is None:
            return 0
        self.size -= _size(kept.page)
        return kept.hits // 2


def _size(page: Page) -> int:
    """Compressed forms are added later, so they are counted ahead: they are smaller than the body."""
    return 2 * len(page.body) + OVERHEAD
