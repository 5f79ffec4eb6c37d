"""What was answered lately, and is true as long as its generation: kept in memory up to a size."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field


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


# What a dictionary entry and its key take besides the body.
OVERHEAD = 1_000


@dataclass
class Cache:
    """The least lately used goes first; a page of another generation is no hit, and goes too."""

    bytes_at_most: int
    hits: int = 0
    misses: int = 0
    size: int = 0
    pages: OrderedDict[Hashable, Page] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, generation: str) -> Page | None:
        page = self.pages.get(key)
        if page is None or page.generation != generation:
            self.misses += 1
            return None
        self.pages.move_to_end(key)
        self.hits += 1
        return page

    def put(self, key: Hashable, page: Page) -> None:
        self._take(key)
        self.pages[key] = page
        self.size += len(page.body) + OVERHEAD
        while self.size > self.bytes_at_most:
            self._take(next(iter(self.pages)))

    def _take(self, key: Hashable) -> None:
        page = self.pages.pop(key, None)
        if page is not None:
            self.size -= len(page.body) + OVERHEAD
