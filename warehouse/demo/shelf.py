"""The firm's bookshelf: invented books with their authors and a tree of subjects."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.names import FIRST_NAMES, TOPICS, words
from warehouse.demo.records import columns
from warehouse.demo.seeds import stream
from warehouse.demo.world import World
from warehouse.models.library import Author, Book, BookAuthor, BookCategory, Category

_FORMS = (
    "An Introduction to {}", "{} in Practice", "The {} Handbook", "Notes on {}",
    "{} for the Patient", "A Short Course in {}",
)  # fmt: skip
_BRANCHES = ("Theory", "Practice", "Reference")
_LANGUAGES = ("en", "en", "en", "de", "fr", "es")
_BATCH = 20_000  # books in one piece


def shelf_chunks(world: World) -> Iterator[Chunk]:
    authors = list(_authors(world))
    yield chunk(Author, columns(authors))
    for depth in (0, 1):  # a parent stands before its children
        yield chunk(Category, columns(row for row in _categories() if row["depth"] == depth))
    for start in range(1, world.scale.books + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, world.scale.books + 1))
        books = [_book(world, number, len(authors)) for number in numbers]
        for nth, model in enumerate((Book, BookAuthor, BookCategory)):
            yield chunk(model, columns(row for book in books for row in book[nth]))


def _authors(world: World) -> Iterator[dict[str, Any]]:
    """A third as many as books; namesakes are told apart by the year of birth."""
    rng = stream(world.seed, "authors")
    names = list(words(rng))
    for number in range(1, world.scale.books // 3 + 1):
        first, last = FIRST_NAMES[number % 10], names[number % 750]
        yield {
            "author_id": number,
            "name": f"{first} {last}",
            "birth_year": 1900 + number // 750 if number > 750 or number % 3 else None,
        }


def _categories() -> Iterator[dict[str, Any]]:
    for number, topic in enumerate(TOPICS, 1):
        yield {"category_id": number, "parent_id": None, "name": topic, "depth": 0}
    for number in range(1, len(TOPICS) + 1):
        for nth, branch in enumerate(_BRANCHES):
            key = len(TOPICS) + (number - 1) * len(_BRANCHES) + nth + 1
            yield {"category_id": key, "parent_id": number, "name": branch, "depth": 1}


def _book(world: World, number: int, authors: int) -> tuple[list[dict[str, Any]], ...]:
    """A book, who wrote it and where it is filed."""
    rng = stream(world.seed, "books", number)
    topic = int(rng.integers(len(TOPICS)))
    title = _FORMS[int(rng.integers(len(_FORMS)))].format(TOPICS[topic])
    book = {
        "book_id": number,
        "isbn": isbn(number),
        "title": f"{title}, volume {number % 9 + 1}",
        "published_on": date(1960, 1, 1) + timedelta(days=int(rng.integers(24_000))),
        "price": Decimal(int(rng.integers(900, 12_000))).scaleb(-2),
        "language": _LANGUAGES[int(rng.integers(len(_LANGUAGES)))],
        "stock": int(rng.integers(0, 6)),
    }
    wrote = rng.choice(authors, min(authors, int(rng.integers(1, 4))), replace=False) + 1
    branch = len(TOPICS) + topic * len(_BRANCHES) + int(rng.integers(len(_BRANCHES))) + 1
    return (
        [book],
        [
            {"book_id": number, "author_id": int(author), "position": place}
            for place, author in enumerate(wrote, 1)
        ],
        [{"book_id": number, "category_id": key} for key in (topic + 1, branch)],
    )


def isbn(number: int) -> str:
    """An ISBN-13 of the number, with its check digit."""
    stem = f"979{number:09d}"
    total = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(stem))
    return f"{stem}{-total % 10}"
