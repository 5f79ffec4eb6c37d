-- What is an account worth, and what did its newest day bring?
-- One row; without a valued day its figures are null.
create function api.account_summary(key_id bigint, account text)
returns table (
    account_hash text,
    account_type text,
    base_currency text,
    value_day date,
    cash numeric,
    market_value numeric,
    equity numeric,
    long_exposure numeric,
    short_exposure numeric,
    gross_exposure numeric,
    net_exposure numeric,
    external_flow numeric,
    day_change numeric,
    day_change_pct double precision,
    position_count bigint,
    unmarked_count bigint,
    unconverted_count bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    a.account_hash,
    a.account_type,
    a.base_currency,
    m.value_day,
    m.cash,
    m.market_value,
    m.equity,
    m.long_exposure,
    m.short_exposure,
    m.gross_exposure,
    m.net_exposure,
    m.external_flow,
    m.day_change,
    m.day_change_pct,
    m.position_count,
    m.unmarked_count,
    m.unconverted_count
from ops.visible_accounts(account_summary.key_id) as v
join reference.accounts as a on a.account_id = v.account_id
left join lateral (
    select d.*
    from rollups.portfolio_value_daily as d
    where d.account_id = v.account_id
    order by d.value_day desc
    limit 1
) as m on true
where v.account_hash = account_summary.account
$$;
