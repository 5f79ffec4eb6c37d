-- What do the trades say that is held? Books the positions of (account, instrument) pairs anew.
-- From each one's frozen opening; answers how many changed. Locks the accounts, then the positions' rows.
create function trading.rebook_positions(account_ids bigint[], instrument_ids bigint[]) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_indexonlyscan = on -- these four may be off in apply_fills, which calls it
set enable_indexscan = on
set enable_nestloop = on
set enable_sort = on
as $$
declare
    changed bigint;
begin
    perform trading.lock_accounts(account_ids);
    insert into trading.positions as p (
        account_id, instrument_id, quantity, average_price, realized_pnl, last_trade_at
    )
    select
        k.account_id,
        k.instrument_id,
        h.held[1],
        case when h.held[1] <> 0 then trim_scale(h.held[2]) end,
        trim_scale(coalesce(o.opening_realized_pnl, 0) + h.held[3] * i.multiplier),
        nullif(h.last_trade_at, '-infinity')
    from (select distinct u.* from unnest(account_ids, instrument_ids) as u (account_id, instrument_id)) as k
    join reference.instruments as i on k.instrument_id = i.instrument_id
    left join trading.positions as o on k.account_id = o.account_id and k.instrument_id = o.instrument_id
    cross join lateral (
        select
            trading.average_cost(f.quantity, f.price order by f.executed_at, f.trade_id) as held,
            max(f.executed_at) as last_trade_at
        from (
            -- The opening, as a fill before all others: its average is the price.
            select
                '-infinity'::timestamptz as executed_at,
                0::bigint as trade_id,
                o.opening_quantity as quantity,
                o.opening_average_price as price
            where o.opening_quantity <> 0
            union all
            select
                t.executed_at, t.trade_id, case t.side when 'buy' then t.quantity else -t.quantity end, t.price
            from trading.effective_trades as t
            where
                t.account_id = k.account_id
                and t.instrument_id = k.instrument_id
                and t.executed_at >= coalesce(o.opening_as_of, '-infinity')
        ) as f
    ) as h
    on conflict (account_id, instrument_id) do update set
        quantity = excluded.quantity,
        average_price = excluded.average_price,
        realized_pnl = excluded.realized_pnl,
        last_trade_at = excluded.last_trade_at,
        version = p.version + 1,
        updated_at = now()
    where
        (p.quantity, p.average_price, p.realized_pnl, p.last_trade_at)
        is distinct from
        (excluded.quantity, excluded.average_price, excluded.realized_pnl, excluded.last_trade_at);
    get diagnostics changed = row_count;
    return changed;
end;
$$;

revoke all on function trading.rebook_positions(bigint[], bigint[]) from public;
