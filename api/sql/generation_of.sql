-- How new are the relations that a report reads, together?
-- One row: their generations, joined in the order asked for, and the oldest of their times.
create function api.generation_of(relations text[])
returns table (generation text, as_of timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    string_agg(coalesce(g.generation::text, '0'), '.' order by asked.place),
    min(g.as_of)
from unnest(relations) with ordinality as asked (relation, place)
left join ops.generations as g on g.relation = asked.relation
$$;
