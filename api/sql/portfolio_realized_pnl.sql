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
-- By the account's positions, for what was ever traded has one; in their order and no further than the page.
cross join lateral (
    select
        p.instrument_id,
        newest.currency,
        newest.closing_count - coalesce(before.closing_count, 0) as closing_count,
        newest.closed_quantity_total - coalesce(before.closed_quantity, 0) as closed_quantity,
        newest.fifo_pnl_total - coalesce(before.fifo_pnl, 0) as fifo_pnl,
        newest.average_pnl_total - coalesce(before.average_pnl, 0) as average_pnl,
        newest.closing_charges_total - coalesce(before.charges, 0) as charges,
        newest.last_closed_at
    from trading.positions as p
    cross join lateral (
        select
            r.currency,
            r.closing_count,
            r.closed_quantity_total,
            r.fifo_pnl_total,
            r.average_pnl_total,
            r.closing_charges_total,
            r.last_closed_at
        from rollups.realized_pnl as r
        where
            r.account_id = p.account_id
            and r.instrument_id = p.instrument_id
            and r.executed_at >= coalesce(from_at, '-infinity')
            and r.executed_at < coalesce(to_at, 'infinity')
        order by r.executed_at desc, r.trade_id desc
        limit 1
    ) as newest
    -- Told by the window's oldest row, itself left out: the row before it may be many partitions away.
    left join lateral (
        select
            r.closing_count - (r.closed_quantity > 0)::integer as closing_count,
            r.closed_quantity_total - r.closed_quantity as closed_quantity,
            r.fifo_pnl_total - r.fifo_pnl as fifo_pnl,
            r.average_pnl_total - r.average_pnl as average_pnl,
            r.closing_charges_total - case when r.closed_quantity > 0 then r.charges else 0 end as charges
        from rollups.realized_pnl as r
        where
            r.account_id = p.account_id
            and r.instrument_id = p.instrument_id
            and r.executed_at >= from_at
            and r.executed_at < coalesce(to_at, 'infinity')
        order by r.executed_at, r.trade_id
        limit 1
    ) as before on true
    where
        p.account_id = a.account_id
        and (portfolio_realized_pnl.instrument_id is null or p.instrument_id = portfolio_realized_pnl.instrument_id)
        and (after_account_hash is null or a.account_hash > after_account_hash or p.instrument_id > after_instrument_id)
        and newest.last_closed_at >= coalesce(from_at, '-infinity')
    order by p.instrument_id
    limit page_size
) as m
order by a.account_hash, m.instrument_id
limit page_size
$$;
