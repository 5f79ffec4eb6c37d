-- Which books have these ISBNs?
-- One row per book found; KEY SHARE keeps each until the load commits.
select
    isbn as name,
    book_id as key
from library.books
where isbn = any(%(names)s)
for key share;
