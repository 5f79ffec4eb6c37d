-- What does the key's principal watch?
-- One row per list with its instruments, by key, from after after_watchlist_id.
create function api.watchlists(
    key_id bigint,
    after_watchlist_id bigint default null,
    page_size bigint default null
)
returns table (
    watchlist_id bigint,
    principal text,
    name text,
    description text,
    items json
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    l.watchlist_id,
    w.login,
    l.name,
    l.description,
    (
        select coalesce(json_agg(item order by item.sort_order, item.symbol), '[]')
        from (
            select
                n.sort_order,
                n.instrument_id::text as instrument_id,
                i.symbol,
                n.note
            from portfolio.watchlist_items as n
            join reference.instruments as i on i.instrument_id = n.instrument_id
            where n.watchlist_id = l.watchlist_id
        ) as item
    )
from ops.visible_principals(watchlists.key_id) as v
join reference.principals as w on w.principal_id = v.principal_id
join portfolio.watchlists as l on l.principal_id = v.principal_id
where after_watchlist_id is null or l.watchlist_id > after_watchlist_id
order by l.watchlist_id
limit page_size
$$;
