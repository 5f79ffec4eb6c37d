-- What do an opening, the fills and the splits before a moment come to? One pair of account and instrument.
-- One row: {quantity, average price, profit per unit of the multiplier}, and the newest fill. Takes no lock.
create function trading.held_until(
    account_id bigint,
    instrument_id bigint,
    opening_as_of timestamptz,
    opening_quantity numeric,
    opening_average_price numeric,
    until timestamptz
) returns table (held numeric[], last_trade_at timestamptz)
language sql stable
as $$
    select
        trading.average_cost(f.quantity, f.price, f.ratio order by f.executed_at, f.trade_id),
        max(f.executed_at) filter (where f.trade_id > 0)
    from (
        -- The opening, as a fill before all others: its average is the price.
        select
            '-infinity'::timestamptz as executed_at,
            0::bigint as trade_id,
            held_until.opening_quantity as quantity,
            held_until.opening_average_price as price,
            null::numeric as ratio
        where held_until.opening_quantity <> 0
        union all
        -- A split comes before the fills of its moment, and is in an opening of it.
        select b.begins_at, 0, null, null, s.ratio
        from market.splits as s
        cross join lateral (select s.effective_day::timestamp at time zone 'UTC' as begins_at) as b
        where
            s.instrument_id = held_until.instrument_id
            and b.begins_at > coalesce(held_until.opening_as_of, '-infinity')
            and b.begins_at <= least(held_until.until, now())
        union all
        select
            t.executed_at,
            t.trade_id,
            case t.side when 'buy' then t.quantity else -t.quantity end,
            t.price,
            null
        from trading.effective_trades as t
        where
            t.account_id = held_until.account_id
            and t.instrument_id = held_until.instrument_id
            and t.executed_at >= coalesce(held_until.opening_as_of, '-infinity')
            and t.executed_at < held_until.until
    ) as f
$$;

comment on function trading.held_until is
'What an opening, the fills and the splits before a moment come to.';

-- When did the newest split of an instrument come into effect? Null without one. Takes no lock.
create function trading.newest_split(instrument_id bigint) returns timestamptz
language sql stable
as $$
    select max(s.effective_day)::timestamp at time zone 'UTC'
    from market.splits as s
    where
        s.instrument_id = newest_split.instrument_id
        and s.effective_day <= (now() at time zone 'UTC')::date
$$;

comment on function trading.newest_split is
'When the newest split of an instrument came into effect; null without one.';

-- What do the trades say that is held? Books the positions of (account, instrument) pairs anew.
-- From each one's frozen opening, through the splits that have come into effect; answers how many changed.
-- Locks the accounts, then the positions' rows.
create or replace function trading.rebook_positions(account_ids bigint[], instrument_ids bigint[])
returns bigint
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
        -- The fill that an opening ends with is not among those that are read.
        greatest(h.last_trade_at, case when o.last_trade_at < o.opening_as_of then o.last_trade_at end)
    from (select distinct u.* from unnest(account_ids, instrument_ids) as u (account_id, instrument_id)) as k
    join reference.instruments as i on k.instrument_id = i.instrument_id
    left join trading.positions as o on k.account_id = o.account_id and k.instrument_id = o.instrument_id
    cross join lateral trading.held_until(
        k.account_id, k.instrument_id, o.opening_as_of, o.opening_quantity, o.opening_average_price,
        'infinity'
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

-- What did an account hold at a moment, before the trades until then go out of sight?
-- Makes it the opening of each position that those trades moved; answers how many. Locks the account.
create function trading.freeze_openings(account_id bigint, until timestamptz) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    changed bigint;
begin
    perform trading.lock_accounts(array[freeze_openings.account_id]);
    update trading.positions as p
    set
        opening_as_of = freeze_openings.until,
        opening_quantity = h.held[1],
        opening_average_price = case when h.held[1] <> 0 then trim_scale(h.held[2]) end,
        opening_realized_pnl = trim_scale(p.opening_realized_pnl + h.held[3] * i.multiplier),
        version = p.version + 1,
        updated_at = now()
    from
        trading.positions as o
        inner join reference.instruments as i on o.instrument_id = i.instrument_id
        cross join lateral trading.held_until(
            o.account_id, o.instrument_id, o.opening_as_of, o.opening_quantity, o.opening_average_price,
            freeze_openings.until
        ) as h
    where
        o.account_id = freeze_openings.account_id
        and p.account_id = o.account_id
        and p.instrument_id = o.instrument_id
        and h.last_trade_at is not null;
    get diagnostics changed = row_count;
    return changed;
end;
$$;

comment on function trading.freeze_openings is
'Makes what an account held at a moment the opening of its positions, so that older trades may go.';

revoke all on function
trading.held_until(bigint, bigint, timestamptz, numeric, numeric, timestamptz)
from public;
revoke all on function trading.newest_split(bigint) from public;
revoke all on function trading.freeze_openings(bigint, timestamptz) from public;
