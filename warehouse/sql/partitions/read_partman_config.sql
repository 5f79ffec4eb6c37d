-- How does pg_partman see to a table, whatever columns its version has?
-- One row, or none; needs search_path on pg_partman's schema.
select to_jsonb(c) as config
from part_config as c
where c.parent_table = %(parent)s;
