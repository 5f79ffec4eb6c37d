-- Which books are by an author, in a category, or have words in their title?
-- One row per book with its authors, by key, from after after_book_id.
create function api.library_books(
    key_id bigint,
    author_id bigint default null,
    category_id bigint default null,
    q text default null,
    after_book_id bigint default null,
    page_size bigint default null
)
returns table (
    book_id bigint,
    isbn text,
    title text,
    published_on date,
    price numeric,
    language text,
    stock integer,
    authors json
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    b.book_id,
    b.isbn,
    b.title,
    b.published_on,
    b.price,
    b.language,
    b.stock,
    (
        select coalesce(json_agg(author order by author.position), '[]')
        from (
            select
                w.position,
                w.author_id::text as author_id,
                a.name
            from library.book_authors as w
            join library.authors as a on a.author_id = w.author_id
            where w.book_id = b.book_id
        ) as author
    )
from library.books as b
where
    ops.key_may(library_books.key_id, 'read')
    and (
        library_books.author_id is null
        or b.book_id in (
            select w.book_id from library.book_authors as w
            where w.author_id = library_books.author_id
        )
    )
    and (
        library_books.category_id is null
        or b.book_id in (
            select f.book_id from library.book_categories as f
            where f.category_id = library_books.category_id
        )
    )
    and (q is null or to_tsvector('simple', b.title) @@ plainto_tsquery('simple', q))
    and (after_book_id is null or b.book_id > after_book_id)
order by b.book_id
limit page_size
$$;
