-- Every unit of an instrument becomes so many at a moment.
create type trading.split as (
    effective_at timestamptz,
    ratio numeric
);

-- How many units has one become from one moment, exclusive, to another? One value; takes no lock.
create function trading.split_ratio(splits trading.split[], since timestamptz, until timestamptz)
returns numeric
language plpgsql immutable parallel safe
as $$
declare
    ratio numeric := 1;
    split trading.split;
begin
    foreach split in array coalesce(splits, '{}') loop
        if split.effective_at > since and split.effective_at <= until then
            ratio := ratio * split.ratio;
        end if;
    end loop;
    return ratio;
end;
$$;

-- What does a unit of before cost in the units of later? One value, to 20 decimals; takes no lock.
create function trading.split_price(
    price numeric, splits trading.split[], since timestamptz, until timestamptz
) returns numeric
language plpgsql immutable parallel safe
as $$
begin
    if coalesce(cardinality(splits), 0) = 0 then
        return price;
    end if;
    -- The factor gives the quotient its decimals: / has 16 digits of its own.
    return trim_scale(round(price * 1.00000000000000000000 / trading.split_ratio(splits, since, until), 20));
end;
$$;

-- What does a position become by a split? {quantity, average price, profit realized}, as of trading.add_fill.
-- One value; takes no lock. The average is rounded as a fill's is.
create function trading.add_split(held numeric[], ratio numeric) returns numeric[]
language plpgsql immutable strict parallel safe
as $$
begin
    return array[held[1] * ratio, round(held[2] / ratio, greatest(10, min_scale(held[2]))), held[3]];
end;
$$;

-- What did each trade of one account in one instrument realize, through splits and at the prices as traded?
-- One row per trade in the order given; resumed from the book after an earlier one. Takes no lock.
--
-- Profit and loss is before charges and of one unit a contract: the caller multiplies by the contract's size.
-- The book is as of a moment; splits after it are made as the trades reach them.
--
-- A lot keeps the price it was opened at, and its price in the units of the day is always made from that
-- one, so that it comes out the same wherever a run started.
create function trading.match_lots(
    trades trading.lot[], opening trading.book, splits trading.split[], as_of timestamptz
)
returns table (
    executed_at timestamptz,
    trade_id bigint,
    opened_quantity numeric,
    closed_quantity numeric,
    opened_total numeric, -- of this and all trades before: a lot is open while it is above closed_total
    closed_total numeric,
    quantity numeric, -- held after the trade, negative when short
    average_price numeric, -- after the trade, null when flat
    fifo_cost numeric, -- of the lots still open, negative when short
    open_since timestamptz, -- time of the oldest lot still open, null when flat
    average_pnl numeric,
    fifo_pnl numeric,
    held_seconds double precision, -- mean age of the closed units, null when none were
    closed_lots trading.lot[]
)
language plpgsql immutable parallel safe
as $$
#variable_conflict use_variable
declare
    lots trading.lot[] := coalesce(opening.open_lots, '{}');
    head integer := 0;
    lot trading.lot; -- the oldest open one, as far as it is left
    split trading.split;
    next_split integer := 1;
    has_split boolean;
    price numeric; -- of the oldest lot in the units of the trade
    trade trading.lot;
    side numeric;
    held numeric[]; -- quantity, average price, profit: see trading.add_fill
    rest numeric;
    part numeric;
    cost numeric;
    age numeric;
begin
    opened_total := coalesce(opening.opened_total, 0);
    closed_total := coalesce(opening.closed_total, 0);
    average_price := opening.average_price;
    select
        coalesce(sum(l.quantity), 0),
        coalesce(sum(l.quantity * trading.split_price(l.price, splits, l.executed_at, as_of)), 0)
    into quantity, fifo_cost
    from unnest(lots) as l;
    foreach trade in array trades loop
        executed_at := trade.executed_at;
        trade_id := trade.trade_id;
        has_split := false;
        while next_split <= cardinality(splits) and (splits[next_split]).effective_at <= trade.executed_at loop
            split := splits[next_split];
            next_split := next_split + 1;
            continue when split.effective_at <= as_of;
            has_split := true;
            opened_total := opened_total * split.ratio;
            closed_total := closed_total * split.ratio;
            held := trading.add_split(array[quantity, coalesce(average_price, 0), 0], split.ratio);
            quantity := held[1];
            average_price := case when quantity <> 0 then trim_scale(held[2]) end;
            lot.quantity := lot.quantity * split.ratio;
            for place in head + 1 .. cardinality(lots) loop
                lots[place].quantity := lots[place].quantity * split.ratio;
            end loop;
        end loop;
        if has_split then
            select
                coalesce(
                    sum(l.quantity * trading.split_price(l.price, splits, l.executed_at, trade.executed_at)), 0
                )
            into fifo_cost
            from (
                select o.quantity, o.price, o.executed_at
                from unnest(lots[head + 1 :]) as o
                union all
                select sign(quantity) * lot.quantity, lot.price, lot.executed_at
                where lot.quantity > 0
            ) as l;
        end if;
        side := sign(quantity);
        closed_quantity := 0;
        if side * trade.quantity < 0 then
            closed_quantity := trim_scale(least(abs(trade.quantity), abs(quantity)));
        end if;
        opened_quantity := trim_scale(abs(trade.quantity) - closed_quantity);
        rest := closed_quantity;
        cost := 0;
        age := 0;
        closed_lots := '{}';
        while rest > 0 loop
            if coalesce(lot.quantity, 0) = 0 then
                head := head + 1;
                lot := lots[head];
                lot.quantity := abs(lot.quantity);
            end if;
            part := least(lot.quantity, rest);
            price := trading.split_price(lot.price, splits, lot.executed_at, trade.executed_at);
            cost := cost + part * price;
            age := age + part * extract(epoch from trade.executed_at - lot.executed_at);
            closed_lots := closed_lots
            || row(lot.executed_at, lot.trade_id, trim_scale(part), price)::trading.lot;
            lot.quantity := lot.quantity - part;
            rest := rest - part;
        end loop;
        held := trading.add_fill(array[quantity, coalesce(average_price, 0), 0], trade.quantity, trade.price);
        -- Digits trimmed, so that they do not tell where a run started.
        quantity := trim_scale(held[1]);
        average_price := case when quantity <> 0 then trim_scale(held[2]) end;
        average_pnl := trim_scale(held[3]);
        fifo_pnl := trim_scale(side * (closed_quantity * trade.price - cost));
        held_seconds := age / nullif(closed_quantity, 0);
        fifo_cost := fifo_cost - side * cost;
        if opened_quantity > 0 then
            trade.quantity := sign(trade.quantity) * opened_quantity;
            lots[cardinality(lots) + 1] := trade;
            fifo_cost := fifo_cost + trade.quantity * trade.price;
        end if;
        fifo_cost := trim_scale(fifo_cost);
        open_since := case when quantity <> 0 then
            case when lot.quantity > 0 then lot.executed_at else (lots[head + 1]).executed_at end
        end;
        opened_total := trim_scale(opened_total + opened_quantity);
        closed_total := trim_scale(closed_total + closed_quantity);
        return next;
    end loop;
end;
$$;

comment on function trading.match_lots(trading.lot[], trading.book, trading.split[], timestamptz) is
'What trades realize through splits, from a book as of a moment if given. One row per trade.';

-- The same where nothing was split.
create or replace function trading.match_lots(trades trading.lot[], opening trading.book default null)
returns table (
    executed_at timestamptz,
    trade_id bigint,
    opened_quantity numeric,
    closed_quantity numeric,
    opened_total numeric,
    closed_total numeric,
    quantity numeric,
    average_price numeric,
    fifo_cost numeric,
    open_since timestamptz,
    average_pnl numeric,
    fifo_pnl numeric,
    held_seconds double precision,
    closed_lots trading.lot[]
)
language sql immutable parallel safe
as $$
    select * from trading.match_lots(trades, opening, '{}', '-infinity')
$$;

-- What is held after one more change: {quantity, price of the newest trades}, both in the units of that day.
-- One value; takes no lock.
create function trading.carry_position(held numeric[], change numeric, price numeric, ratio numeric)
returns numeric[]
language plpgsql immutable parallel safe
as $$
begin
    return array[held[1] * ratio + change, coalesce(price, trim_scale(held[2] / ratio))];
end;
$$;

-- What is held after changes: bought less sold, their mean price, and how many units one became before them.
-- In the order that they are given in.
create aggregate trading.position_after(change numeric, price numeric, ratio numeric) ( -- noqa: PRS
    sfunc = trading.carry_position, stype = numeric[], initcond = '{0,null}', parallel = safe
);

comment on aggregate trading.position_after(numeric, numeric, numeric) is
'What is held after changes in order, through splits: {quantity, price of the newest trades}.';
