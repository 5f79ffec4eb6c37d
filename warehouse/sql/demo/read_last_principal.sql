-- Which keys do principals have before the step is written?
-- One row: the highest of them, 0 where there is none.
select coalesce(max(principal_id), 0) as highest from reference.principals;
