-- Which columns does a table have?
-- One row per column, in their order; none where there is no such table.
select attname
from pg_catalog.pg_attribute
where attrelid = pg_catalog.to_regclass(%(table)s) and attnum > 0 and not attisdropped
order by attnum;
