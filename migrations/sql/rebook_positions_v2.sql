-- What does a position become by a fill, or by a split where a ratio is given? As of trading.add_fill.
-- One value; takes no lock.
create function trading.add_change(held numeric[], quantity numeric, price numeric, ratio numeric)
returns numeric[]
language plpgsql immutable parallel safe
as $$
begin
    if ratio is null then
        return trading.add_fill(held, quantity, price);
    end if;
    return trading.add_split(held, ratio);
end;
$$;

-- What do the fills and splits of a position come to? In the order that they are given in.
create aggregate trading.average_cost(quantity numeric, price numeric, ratio numeric) ( -- noqa: PRS
    sfunc = trading.add_change, stype = numeric[], initcond = '{0,0,0}', parallel = safe
);

comment on aggregate trading.average_cost(numeric, numeric, numeric) is
'A position after fills and splits in order: {quantity, average price, profit realized per unit of the multiplier}.';

-- What do the trades say that is held? Books the positions of (account, instrument) pairs anew.
-- From each one's frozen opening, through the splits that have come into effect; answers how many changed.
-- Locks the accounts, then the positions' rows.
create or replace function trading.rebook_positions(account_ids bigint[], instrument_ids bigint[]) returns bigint
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
            trading.average_cost(f.quantity, f.price, f.ratio order by f.executed_at, f.trade_id) as held,
            max(f.executed_at) filter (where f.ratio is null) as last_trade_at
        from (
            -- The opening, as a fill before all others: its average is the price.
            select
                '-infinity'::timestamptz as executed_at,
                0::bigint as trade_id,
                o.opening_quantity as quantity,
                o.opening_average_price as price,
                null::numeric as ratio
            where o.opening_quantity <> 0
            union all
            select b.begins_at, 0, null, null, s.ratio
            from market.splits as s
            cross join lateral (select s.effective_day::timestamp at time zone 'UTC' as begins_at) as b
            where
                s.instrument_id = k.instrument_id
                and b.begins_at > coalesce(o.opening_as_of, '-infinity')
                and b.begins_at <= now()
            union all
            select
                t.executed_at, t.trade_id, case t.side when 'buy' then t.quantity else -t.quantity end, t.price, null
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
