"""The bookshelf: books, authors, categories and what is looked at.

Links cannot be orphaned or doubled.
"""

from migrations.helpers import (
    BIGINT,
    DATE,
    INTEGER,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "library"
down_revision = "market_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "library.authors",
        "People who write books. One row per name and year of birth.",
        identity("author_id", "Key of the author."),
        column("name", TEXT, "Full name."),
        column("birth_year", INTEGER, "Tells namesakes apart; null if unknown.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("author_id"),
        unique("name", "birth_year", nulls_not_distinct=True),
    )
    create_table(
        "library.books",
        "Books on the shelf. One row per ISBN.",
        identity("book_id", "Key of the book."),
        column("isbn", TEXT, "ISBN-13, digits only."),
        column("title", TEXT, "Title as printed."),
        column("published_on", DATE, "Day of publication, if known.", null=True),
        column("price", NUMERIC, "Price of a copy."),
        column("language", TEXT, "Language, ISO 639 in lower case."),
        column("stock", INTEGER, "Copies on the shelf.", default="0"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("book_id"),
        unique("isbn"),
        check("isbn_form", "isbn ~ '^[0-9]{13}$'"),
        check("language_code", "language ~ '^[a-z]{2,3}$'"),
        check("price_non_negative", "price >= 0 and price < 'Infinity'"),
        check("stock_non_negative", "stock >= 0"),
    )
    create_table(
        "library.categories",
        "The tree of subjects. One row per parent and name.",
        identity("category_id", "Key of the category."),
        column("parent_id", BIGINT, "Category it is part of; null at a root.", null=True),
        column("name", TEXT, "Name, unique within its parent."),
        column("depth", INTEGER, "Levels above it; 0 at a root.", default="0"),
        column("parent_depth", INTEGER, "Level of the parent.", computed="depth - 1"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("category_id"),
        unique("category_id", "depth"),
        unique("parent_id", "name", nulls_not_distinct=True),
        check("root_depth", "(parent_id is null) = (depth = 0)"),
        check("depth_non_negative", "depth >= 0"),
    )
    create_table(
        "library.activity",
        "Views of books and searches for them, written behind the reader. One row per view or search.",
        column("principal_id", BIGINT, "Who looked."),
        column("occurred_at", TIMESTAMPTZ, "When."),
        identity("activity_id", "Tells acts of one instant apart."),
        column("activity_type", TEXT, "View or search."),
        column("book_id", BIGINT, "Book viewed.", null=True),
        column("query", TEXT, "Text searched for.", null=True),
        primary_key("principal_id", "occurred_at", "activity_id"),
        one_of("activity_type", "view", "search"),
        check("book_of_a_view", "(activity_type = 'view') = (book_id is not null)"),
        check("query_of_a_search", "(activity_type = 'search') = (query is not null)"),
        partition_by="occurred_at",
    )
    create_table(
        "library.book_authors",
        "Who wrote which book. One row per book and author.",
        column("book_id", BIGINT, "Book written."),
        column("author_id", BIGINT, "Who wrote it."),
        column("position", INTEGER, "Place among the book's authors, from 1."),
        primary_key("book_id", "author_id"),
        unique("book_id", "position"),
        check("position_positive", "position > 0"),
    )
    create_table(
        "library.book_categories",
        "What books are about. One row per book and category.",
        column("book_id", BIGINT, "Book filed."),
        column("category_id", BIGINT, "Where it is filed."),
        primary_key("book_id", "category_id"),
    )
    foreign_key(
        "library.categories",
        ["parent_id", "parent_depth"],
        "library.categories",
        ["category_id", "depth"],
    )
    foreign_key("library.activity", ["book_id"], "library.books")
    foreign_key("library.activity", ["principal_id"], "reference.principals")
    foreign_key("library.book_authors", ["author_id"], "library.authors")
    foreign_key("library.book_authors", ["book_id"], "library.books", on_delete="CASCADE")
    foreign_key("library.book_categories", ["book_id"], "library.books", on_delete="CASCADE")
    foreign_key("library.book_categories", ["category_id"], "library.categories")
    create_index(
        "library.authors", "to_tsvector('simple', name)", name="authors_name_idx", using="gin"
    )
    create_index(
        "library.books", "to_tsvector('simple', title)", name="books_title_idx", using="gin"
    )
    create_brin("library.activity", "occurred_at")
    create_index("library.book_authors", "author_id", "book_id")
    create_index("library.book_categories", "category_id", "book_id")


def downgrade() -> None:
    drop_tables(
        "library.book_categories",
        "library.book_authors",
        "library.activity",
        "library.categories",
        "library.books",
        "library.authors",
    )
