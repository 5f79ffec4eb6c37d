-- Which publications name this table itself?
-- One row per publication.
select p.pubname
from pg_catalog.pg_publication_rel as r
inner join pg_catalog.pg_publication as p on r.prpubid = p.oid
where r.prrelid = to_regclass(%(table)s)
order by p.pubname;
