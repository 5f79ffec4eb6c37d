-- How many bytes do the rows of a table take?
-- One row; takes no lock.
select pg_catalog.pg_table_size(%(table)s::pg_catalog.regclass) as bytes;
