-- How new is every rollup and materialized view?
-- One row per relation.
create function api.generations()
returns table (relation text, generation bigint)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select g.relation, g.generation from ops.generations as g
$$;
