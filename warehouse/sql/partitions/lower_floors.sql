-- The youngest retired partition is back: from when on can the rollups over this table be made anew?
-- One row per rollup whose floor stands right at the partition's end.
update ops.rollups
set source_floor = %(starts_at)s, version = version + 1, updated_at = now()
where %(parent)s = any(sources) and source_floor = %(ends_at)s;
