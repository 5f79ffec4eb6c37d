-- Which source is new? Adds it behind all others; one that is there already is left.
-- One row.
insert into reference.sources (name, description, priority)
select
    %(name)s as source_name,
    'Added by warehouse ingest.' as description,
    coalesce(max(priority), 0) + 10 as priority
from reference.sources
on conflict (name) do nothing;
