"""Reports on the bookshelf."""

from datetime import date

from pydantic import BaseModel, Field

from api.parameters import Key, Text
from api.reports import Paged, Report
from api.rows import Id, Number


class BookSearch(Paged):
    """Which books."""

    author_id: Key | None = Field(default=None, description="Only by this author.")
    category_id: Key | None = Field(default=None, description="Only of this category.")
    q: Text | None = Field(
        default=None, min_length=1, max_length=100, description="Words that the title has."
    )


class BookAuthor(BaseModel):
    position: int
    author_id: Id
    name: str


class Book(BaseModel):
    """A book on the shelf, with its authors in order."""

    book_id: Id
    isbn: str
    title: str
    published_on: date | None
    price: Number
    language: str
    stock: int
    authors: list[BookAuthor]


REPORTS = (
    Report(
        name="library_books",
        path="/library/books",
        summary="Find books by author, category and words of their title.",
        row=Book,
        filters=BookSearch,
        order=("book_id",),
    ),
)
