-- What was a portfolio worth, and what did it return, session by session?
-- One row per session from from_day to before to_day, oldest first, from after after_value_day.
create function api.portfolio_history(
    key_id bigint,
    portfolio bigint,
    from_day date default null,
    to_day date default null,
    after_value_day date default null,
    page_size bigint default null
)
returns table (
    value_day date,
    base_currency text,
    account_count bigint,
    cash numeric,
    equity numeric,
    long_exposure numeric,
    short_exposure numeric,
    gross_exposure numeric,
    net_exposure numeric,
    external_flow numeric,
    day_change numeric,
    daily_return double precision,
    twr double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.value_day,
    m.base_currency,
    m.account_count,
    m.cash,
    m.equity,
    m.long_exposure,
    m.short_exposure,
    m.gross_exposure,
    m.net_exposure,
    m.external_flow,
    m.day_change,
    m.daily_return,
    m.twr
from marts.portfolio_history as m
where
    m.portfolio_id = (
        select v.portfolio_id
        from ops.visible_portfolios(portfolio_history.key_id) as v
        where v.portfolio_id = portfolio_history.portfolio
    )
    -- Not before the cursor, so that a page begins where the last one ended.
    and m.value_day >= coalesce(greatest(from_day, after_value_day), '-infinity')
    and m.value_day < coalesce(to_day, 'infinity')
    and (after_value_day is null or m.value_day > after_value_day)
order by m.value_day
limit page_size
$$;
