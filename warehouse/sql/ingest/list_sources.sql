-- Which sources are there?
-- One row per source.
select name from reference.sources order by name;
