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
    count(*),
    sum(m.closed_quantity),
    sum(m.fifo_pnl),
    sum(m.average_pnl),
    sum(m.charges),
    max(m.executed_at)
from ops.visible_portfolios(portfolio_realized_pnl.key_id) as v
join portfolio.portfolio_accounts as h on h.portfolio_id = v.portfolio_id
join reference.accounts as a on a.account_id = h.account_id
join rollups.realized_pnl as m on m.account_id = h.account_id
where
    v.portfolio_id = portfolio_realized_pnl.portfolio
    and m.closed_quantity > 0
    and (portfolio_realized_pnl.instrument_id is null or m.instrument_id = portfolio_realized_pnl.instrument_id)
    and m.executed_at >= coalesce(from_at, '-infinity')
    and m.executed_at < coalesce(to_at, 'infinity')
    and (
        after_account_hash is null
        or (a.account_hash, m.instrument_id) > (after_account_hash, after_instrument_id)
    )
group by a.account_hash, m.instrument_id, m.currency
order by a.account_hash, m.instrument_id
limit page_size
$$;
