-- On which days do an underlying's options expire?
-- One row per day and type, by both, from after (after_expiration_date, after_expiration_type).
create function api.option_expirations(
    key_id bigint,
    underlying_id bigint,
    since date default null,
    after_expiration_date date default null,
    after_expiration_type text default null,
    page_size bigint default null
)
returns table (
    expiration_date date,
    expiration_type text,
    is_standard boolean,
    is_leap boolean,
    contract_count integer
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    e.expiration_date,
    e.expiration_type,
    e.is_standard,
    e.is_leap,
    (
        select count(*)::integer
        from market.option_contracts as c
        where c.underlying_id = e.underlying_id and c.expiration_date = e.expiration_date
    )
from market.option_expirations as e
where
    ops.key_may(option_expirations.key_id, 'read')
    and e.underlying_id = option_expirations.underlying_id
    and e.expiration_date >= coalesce(since, '-infinity')
    and (
        after_expiration_date is null
        or (e.expiration_date, e.expiration_type) > (after_expiration_date, after_expiration_type)
    )
order by e.expiration_date, e.expiration_type
limit page_size
$$;
