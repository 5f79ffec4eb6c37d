-- From when on can the rollups over this table be made anew?
-- One row per rollup whose floor moves up; waits for a refresh, which holds its row while it works.
update ops.rollups
set source_floor = %(floor)s, version = version + 1, updated_at = now()
where %(parent)s = any(sources) and (source_floor is null or source_floor < %(floor)s);
