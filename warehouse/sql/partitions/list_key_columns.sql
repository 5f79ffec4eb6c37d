-- Which columns tell a table's rows apart?
-- One row per column of its primary key, in the key's order; none where it has none.
select a.attname
from pg_catalog.pg_index as i
cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
inner join pg_catalog.pg_attribute as a on i.indrelid = a.attrelid and k.attnum = a.attnum
where i.indrelid = to_regclass(%(table)s) and i.indisprimary
order by k.place;
