-- What did each trade of one account in one instrument realize, first in first out and at average cost?
-- One row per trade in the order given; resumed from the book after an earlier one. Takes no lock.

-- Units of one trade at its price: as it was booked (negative when sold), or what is left or closed of it.
create type trading.lot as (
    executed_at timestamptz,
    trade_id bigint,
    quantity numeric,
    price numeric
);

-- What must be known of the trades before to go on.
create type trading.book as (
    opened_total numeric,
    closed_total numeric,
    average_price numeric,
    open_lots trading.lot [] -- oldest first, negative when short
);

-- Profit and loss is before charges and of one unit a contract: the caller multiplies by the contract's size.
create function trading.match_lots(trades trading.lot[], opening trading.book default null)
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
    select coalesce(sum(l.quantity), 0), coalesce(sum(l.quantity * l.price), 0) into quantity, fifo_cost
    from unnest(lots) as l;
    foreach trade in array trades loop
        executed_at := trade.executed_at;
        trade_id := trade.trade_id;
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
            cost := cost + part * lot.price;
            age := age + part * extract(epoch from trade.executed_at - lot.executed_at);
            closed_lots := closed_lots
            || row(lot.executed_at, lot.trade_id, trim_scale(part), lot.price)::trading.lot;
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

comment on function trading.match_lots(trading.lot[], trading.book) is
'What trades realize, first in first out and at average cost, from a book if given. One row per trade.';
