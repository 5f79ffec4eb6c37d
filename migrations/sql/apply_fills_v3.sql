-- What do events' fills come to, after what is held? Of all instruments, or of those of one half.
-- One row per pair of account and instrument; takes no lock.
--
-- Fills are sorted by time, then hashed by pair: a load mostly comes in the order of time, so this
-- costs 1.1 µs a fill, and 1.7 as an ordered aggregate. No plan for halves would give each a process
-- of its own: as a function that is said to cost much, each gets one.
create function trading.half_booked(
    events bigint[],
    first_at timestamptz,
    end_at timestamptz,
    late_accounts bigint[],
    late_instruments bigint[],
    accounts bigint[],
    instruments bigint[],
    quantities numeric[],
    average_prices numeric[],
    half bigint default null
) returns table (account_id bigint, instrument_id bigint, held numeric[], last_trade_at timestamptz)
language plpgsql stable parallel safe cost 1000000
set max_parallel_workers_per_gather = 0
as $$
begin
    return query
    select
        f.account_id,
        f.instrument_id,
        trading.average_cost(f.quantity, f.price),
        max(f.executed_at)
    from (
        -- What is held, as a fill before all others: its average is the price.
        select
            h.account_id, h.instrument_id, '-infinity'::timestamptz as executed_at, 0::bigint as trade_id,
            h.quantity, h.average_price as price
        from unnest(accounts, instruments, quantities, average_prices)
            as h (account_id, instrument_id, quantity, average_price)
        where h.quantity <> 0 and (half is null or mod(h.instrument_id, 2) = half)
        union all
        select
            t.account_id, t.instrument_id, t.executed_at, t.trade_id,
            case t.side when 'buy' then t.quantity else -t.quantity end, t.price
        from trading.trades as t
        where
            t.event_id = any(events) and t.executed_at >= first_at and t.executed_at < end_at
            and (half is null or mod(t.instrument_id, 2) = half)
            and (
                late_accounts = '{}' -- known when it is planned, so that no row is looked at for it
                or (t.account_id, t.instrument_id) not in (
                    select l.account_id, l.instrument_id
                    from unnest(late_accounts, late_instruments) as l (account_id, instrument_id)
                )
            )
        order by executed_at, trade_id
    ) as f
    group by f.account_id, f.instrument_id;
end;
$$;

-- What do events' fills come to, after what is held? Two processes add up many, if the server has them.
-- One row per pair of account and instrument; takes no lock.
create function trading.booked(
    fills bigint,
    events bigint[],
    first_at timestamptz,
    end_at timestamptz,
    late_accounts bigint[],
    late_instruments bigint[],
    accounts bigint[],
    instruments bigint[],
    quantities numeric[],
    average_prices numeric[]
) returns table (account_id bigint, instrument_id bigint, held numeric[], last_trade_at timestamptz)
language plpgsql stable
as $$
begin
    if fills < 50000 then -- to start a process takes longer than it saves
        return query
        select b.*
        from trading.half_booked(
            events, first_at, end_at, late_accounts, late_instruments, accounts, instruments, quantities, average_prices
        ) as b;
        return;
    end if;
    -- `return query` alone of plpgsql's statements may be carried out by several processes.
    return query
    select b.*
    from trading.half_booked(
        events, first_at, end_at, late_accounts, late_instruments, accounts, instruments, quantities, average_prices, 0
    ) as b
    union all
    select b.*
    from trading.half_booked(
        events, first_at, end_at, late_accounts, late_instruments, accounts, instruments, quantities, average_prices, 1
    ) as b;
end;
$$;

-- Which positions do this transaction's trades move? Brings them to where the trades say they stand.
-- Answers how many changed, none when called again. Locks the accounts, then the positions' rows.
--
-- The transaction's audit events say which trades are new. Where all of a pair's are later than what
-- its position has seen, and no split came between, they are added to the position; else the pair is
-- booked anew.
--
-- Without `enable_sort = off` the planner could sort fills by pair after their time and lose that order.
-- Nested loops and plain index scans are off because it takes the rows that were just written for one
-- row, and then walks a whole index to find them; where a nested loop serves, a lateral with
-- `offset 0` leaves no choice.
create or replace function trading.apply_fills() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_hashagg = on
set enable_indexonlyscan = off
set enable_indexscan = off
set enable_nestloop = off
set enable_sort = off
set jit = off
set work_mem = '64MB'
as $$
declare
    events bigint[];
    fills bigint;
    first_at timestamptz;
    end_at timestamptz;
    accounts bigint[];
    instruments bigint[];
    sinces timestamptz[];
    is_corrected boolean;
    late_accounts bigint[];
    late_instruments bigint[];
    quantities numeric[];
    average_prices numeric[];
    profits numeric[];
    changed bigint;
begin
    select array_agg(e.event_id), sum(e.row_count), min(e.time_from), max(e.time_to)
    into events, fills, first_at, end_at
    from audit.events as e
    where
        e.xid = pg_current_xact_id()
        and e.occurred_at >= now()
        and e.table_schema = 'trading'
        and e.table_name = 'trades'
        and e.operation = 'insert';
    if events is null then
        return 0;
    end if;

    select
        array_agg(t.account_id), array_agg(t.instrument_id), array_agg(t.since), '-infinity' = any(array_agg(t.since))
    into accounts, instruments, sinces, is_corrected
    from (
        select
            n.account_id,
            n.instrument_id,
            min(case n.kind when 'new' then n.executed_at else '-infinity' end) as since
        from trading.trades as n
        where n.event_id = any(events) and n.executed_at >= first_at and n.executed_at < end_at
        group by n.account_id, n.instrument_id
    ) as t;

    perform trading.lock_accounts(accounts);

    select
        array_agg(t.account_id) filter (where p.is_ahead),
        array_agg(t.instrument_id) filter (where p.is_ahead),
        array_agg(seen.quantity) filter (where p.is_ahead),
        array_agg(seen.average_price) filter (where p.is_ahead),
        array_agg(seen.realized_pnl) filter (where p.is_ahead),
        coalesce(array_agg(t.account_id) filter (where not p.is_ahead), '{}'),
        coalesce(array_agg(t.instrument_id) filter (where not p.is_ahead), '{}')
    into accounts, instruments, quantities, average_prices, profits, late_accounts, late_instruments
    from (
        select w.account_id, w.instrument_id, min(w.since) as since
        from (
            select u.account_id, u.instrument_id, u.since
            from unnest(accounts, instruments, sinces) as u (account_id, instrument_id, since)
            union all
            -- The trade that is replaced may be of another instrument.
            select n.account_id, o.instrument_id, '-infinity'
            from trading.trades as n
            cross join lateral (
                select b.instrument_id
                from trading.trades as b
                where
                    b.account_id = n.account_id
                    and b.executed_at = n.replaces_executed_at
                    and b.trade_id = n.replaces_trade_id
                offset 0
            ) as o
            where
                is_corrected
                and n.event_id = any(events) and n.executed_at >= first_at and n.executed_at < end_at
                and n.kind <> 'new'
        ) as w
        group by w.account_id, w.instrument_id
    ) as t
    left join (
        select s.instrument_id, max(s.effective_day)::timestamp at time zone 'UTC' as split_at
        from market.splits as s
        where s.instrument_id = any(instruments) and s.effective_day <= (now() at time zone 'UTC')::date
        group by s.instrument_id
    ) as n on t.instrument_id = n.instrument_id
    left join lateral (
        select
            o.quantity,
            o.average_price,
            o.realized_pnl,
            greatest(o.last_trade_at, o.opening_as_of - interval '1 microsecond') as at
        from trading.positions as o
        where o.account_id = t.account_id and o.instrument_id = t.instrument_id
        offset 0
    ) as seen on true
    cross join lateral (
        select
            t.since > coalesce(seen.at, '-infinity')
            and (n.split_at is null or (t.since >= n.split_at and (seen.at is null or seen.at >= n.split_at)))
            as is_ahead
    ) as p;

    insert into trading.positions as p (
        account_id, instrument_id, quantity, average_price, realized_pnl, last_trade_at
    )
    select
        b.account_id,
        b.instrument_id,
        b.held[1],
        case when b.held[1] <> 0 then trim_scale(b.held[2]) end,
        trim_scale(coalesce(h.realized_pnl, 0) + b.held[3] * i.multiplier),
        b.last_trade_at
    from trading.booked(
        fills, events, first_at, end_at, late_accounts, late_instruments, accounts, instruments, quantities, average_prices
    ) as b
    inner join unnest(accounts, instruments, profits) as h (account_id, instrument_id, realized_pnl)
        on b.account_id = h.account_id and b.instrument_id = h.instrument_id
    inner join reference.instruments as i on b.instrument_id = i.instrument_id
    on conflict (account_id, instrument_id) do update set
        quantity = excluded.quantity,
        average_price = excluded.average_price,
        realized_pnl = excluded.realized_pnl,
        last_trade_at = excluded.last_trade_at,
        version = p.version + 1,
        updated_at = now();
    get diagnostics changed = row_count;
    return changed + trading.rebook_positions(late_accounts, late_instruments);
end;
$$;
