-- Which authors have these names and years of birth?
-- One row per author found; KEY SHARE keeps each until the load commits.
select
    a.name,
    a.birth_year,
    a.author_id as key
from library.authors as a
inner join unnest(%(names)s::text[], %(birth_year)s::integer[]) as n (name, birth_year)
    on a.name = n.name and a.birth_year is not distinct from n.birth_year
for key share of a;
