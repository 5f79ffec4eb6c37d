-- Which strategies are there?
-- One row per strategy, by key, from after after_strategy_id.
create function api.strategy_list(
    key_id bigint,
    after_strategy_id bigint default null,
    page_size bigint default null
)
returns table (strategy_id bigint, name text, description text, is_active boolean)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    s.strategy_id,
    s.name,
    s.description,
    s.is_active
from reference.strategies as s
where
    ops.key_may(strategy_list.key_id, 'read')
    and (after_strategy_id is null or s.strategy_id > after_strategy_id)
order by s.strategy_id
limit page_size
$$;
