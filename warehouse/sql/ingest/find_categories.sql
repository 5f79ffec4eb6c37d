-- Which categories stand at these paths, and how deep would one below be?
-- One row per category found; KEY SHARE keeps each until the load commits.
with recursive paths as (
    select
        c.category_id,
        c.name as path
    from library.categories as c
    where c.parent_id is null
    union all
    select
        c.category_id,
        p.path || ' > ' || c.name as path
    from paths as p
    inner join library.categories as c on p.category_id = c.parent_id
)

select
    p.path as name,
    c.category_id as key,
    c.depth + 1 as depth
from paths as p
inner join library.categories as c on p.category_id = c.category_id
where p.path = any(%(names)s)
for key share of c;
