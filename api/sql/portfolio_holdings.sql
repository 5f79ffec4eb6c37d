-- What did the accounts of a portfolio hold at the end of a day, and at what mark?
-- One row per account and instrument, by both, from after (after_account_hash, after_instrument_id).
create function api.portfolio_holdings(
    key_id bigint,
    portfolio bigint,
    day date,
    after_account_hash text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    account_hash text,
    instrument_id bigint,
    symbol text,
    asset_type text,
    currency text,
    value_day date,
    quantity numeric,
    last_trade_price numeric,
    mark_price numeric,
    mark_day date,
    market_value numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    held.account_hash,
    held.instrument_id,
    i.symbol,
    i.asset_type,
    i.currency,
    held.value_day,
    held.quantity,
    held.price,
    k.close,
    k.day,
    held.quantity * coalesce(k.close, held.price) * i.multiplier
from (
    select
        a.account_hash,
        n.value_day,
        h.instrument_id,
        h.quantity,
        h.price
    from ops.visible_portfolios(portfolio_holdings.key_id) as v
    join portfolio.portfolio_accounts as w on w.portfolio_id = v.portfolio_id
    join reference.accounts as a on a.account_id = w.account_id
    cross join lateral (
        select d.value_day, d.instrument_ids, d.quantities, d.prices
        from rollups.holdings_daily as d
        where d.account_id = a.account_id and d.value_day <= portfolio_holdings.day
        order by d.value_day desc
        limit 1
    ) as n
    cross join lateral unnest(n.instrument_ids, n.quantities, n.prices) as h (instrument_id, quantity, price)
    where
        v.portfolio_id = portfolio_holdings.portfolio
        and (
            after_account_hash is null
            or (a.account_hash, h.instrument_id) > (after_account_hash, after_instrument_id)
        )
    order by a.account_hash, h.instrument_id
    limit page_size
) as held
join reference.instruments as i on i.instrument_id = held.instrument_id
-- The newest mark of the last month from the first source that has one; the key begins with the instrument.
left join lateral (
    select marked.day, marked.close
    from reference.sources as s
    cross join lateral (
        select d.day, d.close
        from reference.daily_marks as d
        where
            d.instrument_id = held.instrument_id
            and d.source_id = s.source_id
            and d.day <= portfolio_holdings.day
            and d.day > portfolio_holdings.day - 31
        order by d.day desc
        limit 1
    ) as marked
    where s.is_active
    order by s.priority, s.source_id
    limit 1
) as k on true
order by held.account_hash, held.instrument_id
$$;
