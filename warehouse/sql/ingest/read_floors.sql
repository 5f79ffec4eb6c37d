-- From when on may rows of a table be written? Rollups cannot follow what is older.
-- One row, null where nothing was retired.
select max(source_floor) as source_floor from ops.rollups
where %(table)s = any(sources) and environment = 'prod';
