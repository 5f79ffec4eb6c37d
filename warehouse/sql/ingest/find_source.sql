-- Which source has this name?
-- One row, or none; KEY SHARE keeps it until the load commits.
select source_id from reference.sources where name = %(name)s
for key share;
