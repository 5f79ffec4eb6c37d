-- What did the accounts of a portfolio realize in an instrument, by each way of matching lots?
-- One row per account and instrument with closed units, from after (after_account_hash, after_instrument_id).
create function api.portfolio_realized_pnl(
    key_id bigint,
    portfolio bigint,
    instrument_id bigint default null,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_account_hash text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    account_hash text,
    instrument_id bigint,
    currency text,
    closing_count bigint,
    closed_quantity numeric,
    fifo_pnl numeric,
    average_pnl numeric,
    charges numeric,
    last_closed_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    a.account_hash,
    m.instrument_id,
    m.currency,
    m.closing_count,
    m.closed_quantity,
    m.fifo_pnl,
    m.average_pnl,
    m.charges,
    m.last_closed_at
from (
    select
        n.account_id,
        n.account_hash
    from ops.visible_portfolios(portfolio_realized_pnl.key_id) as v
    join portfolio.portfolio_accounts as h on h.portfolio_id = v.portfolio_id
    join reference.accounts as n on n.account_id = h.account_id
    where
        v.portfolio_id = portfolio_realized_pnl.portfolio
        and (after_account_hash is null or n.account_hash >= after_account_hash)
) as a
-- By the account's own index, in its order, and no further than the page.
cross join lateral (
    select
        r.instrument_id,
        r.currency,
        count(*) as closing_count,
        sum(r.closed_quantity) as closed_quantity,
        sum(r.fifo_pnl) as fifo_pnl,
        sum(r.average_pnl) as average_pnl,
        sum(r.charges) as charges,
        max(r.executed_at) as last_closed_at
    from rollups.realized_pnl as r
    where
        r.account_id = a.account_id
        and r.closed_quantity > 0
        and (portfolio_realized_pnl.instrument_id is null or r.instrument_id = portfolio_realized_pnl.instrument_id)
        and r.executed_at >= coalesce(from_at, '-infinity')
        and r.executed_at < coalesce(to_at, 'infinity')
        and (after_account_hash is null or a.account_hash > after_account_hash or r.instrument_id > after_instrument_id)
    group by r.instrument_id, r.currency
    order by r.instrument_id
    limit page_size
) as m
order by a.account_hash, m.instrument_id
limit page_size
$$;
