"""Schema library: the firm's bookshelf, and who looked at what in it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Timestamped,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    non_negative,
    one_of,
    references,
    table,
)


class BookActivityType(StrEnum):
    VIEW = "view"
    SEARCH = "search"


class Book(Versioned, Base):
    __tablename__ = "books"
    __table_args__ = table(
        "library",
        "Books on the shelf. One row per ISBN.",
        UniqueConstraint("isbn"),
        # One form only, or a book could stand twice: as ISBN-10 and as ISBN-13.
        check("isbn_form", "isbn ~ '^[0-9]{13}$'"),
        check("language_code", "language ~ '^[a-z]{2,3}$'"),
        *non_negative("price"),
        check("stock_non_negative", "stock >= 0"),
        # 'simple', for titles are in many languages and "It" is one.
        Index("books_title_idx", text("to_tsvector('simple', title)"), postgresql_using="gin"),
    )

    book_id: Mapped[int] = identity("Key of the book.")
    isbn: Mapped[str] = column("ISBN-13, digits only.")
    title: Mapped[str] = column("Title as printed.")
    published_on: Mapped[date | None] = column("Day of publication, if known.")
    price: Mapped[Decimal] = column("Price of a copy.")
    language: Mapped[str] = column("Language, ISO 639 in lower case.")
    stock: Mapped[int] = defaulted("Copies on the shelf.", "0", type_=Integer)


class Author(Timestamped, Base):
    __tablename__ = "authors"
    __table_args__ = table(
        "library",
        "People who write books. One row per name and year of birth.",
        UniqueConstraint("name", "birth_year", postgresql_nulls_not_distinct=True),
        Index("authors_name_idx", text("to_tsvector('simple', name)"), postgresql_using="gin"),
    )

    author_id: Mapped[int] = identity("Key of the author.")
    name: Mapped[str] = column("Full name.")
    birth_year: Mapped[int | None] = column("Tells namesakes apart; null if unknown.", Integer)


class Category(Timestamped, Base):
    __tablename__ = "categories"
    __table_args__ = table(
        "library",
        "The tree of subjects. One row per parent and name.",
        UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),
        # A parent is one level up, so no chain of parents can come back to its start.
        UniqueConstraint("category_id", "depth"),
        ForeignKeyConstraint(
            ["parent_id", "parent_depth"],
            ["library.categories.category_id", "library.categories.depth"],
            ondelete="RESTRICT",
        ),
        check("root_depth", "(parent_id is null) = (depth = 0)"),
        check("depth_non_negative", "depth >= 0"),
    )

    category_id: Mapped[int] = identity("Key of the category.")
    parent_id: Mapped[int | None] = column("Category it is part of; null at a root.")
    name: Mapped[str] = column("Name, unique within its parent.")
    depth: Mapped[int] = defaulted("Levels above it; 0 at a root.", "0", type_=Integer)
    parent_depth: Mapped[int] = column(
        "Level of the parent.", Integer, Computed("depth - 1", persisted=True)
    )


class BookAuthor(Base):
    __tablename__ = "book_authors"
    __table_args__ = table(
        "library",
        "Who wrote which book. One row per book and author.",
        UniqueConstraint("book_id", "position"),
        check("position_positive", "position > 0"),
        Index(None, "author_id", "book_id"),  # an author's books, page by page
    )

    book_id: Mapped[int] = references(
        "library.books.book_id", "Book written.", ondelete="CASCADE", primary_key=True
    )
    author_id: Mapped[int] = references(
        "library.authors.author_id", "Who wrote it.", primary_key=True
    )
    position: Mapped[int] = column("Place among the book's authors, from 1.", Integer)


class BookCategory(Base):
    __tablename__ = "book_categories"
    __table_args__ = table(
        "library",
        "What books are about. One row per book and category.",
        Index(None, "category_id", "book_id"),  # a category's books, page by page
    )

    book_id: Mapped[int] = references(
        "library.books.book_id", "Book filed.", ondelete="CASCADE", primary_key=True
    )
    category_id: Mapped[int] = references(
        "library.categories.category_id", "Where it is filed.", primary_key=True
    )


class BookActivity(Base):
    __tablename__ = "activity"
    __table_args__ = table(
        "library",
        "Views of books and searches for them, written behind the reader. One row per view or search.",
        one_of("activity_type", BookActivityType),
        check("book_of_a_view", "(activity_type = 'view') = (book_id is not null)"),
        check("query_of_a_search", "(activity_type = 'search') = (query is not null)"),
        partition=Partitioning("occurred_at", "month"),
    )

    principal_id: Mapped[int] = references(
        "reference.principals.principal_id", "Who looked.", primary_key=True
    )
    occurred_at: Mapped[datetime] = column("When.", primary_key=True)
    activity_id: Mapped[int] = column(
        "Tells acts of one instant apart.", Identity(always=False), primary_key=True
    )
    activity_type: Mapped[BookActivityType] = choice("View or search.", BookActivityType)
    book_id: Mapped[int | None] = references("library.books.book_id", "Book viewed.")
    query: Mapped[str | None] = column("Text searched for.")
