-- What does a position become with one more fill, at average cost?
-- Answers {quantity, average price, profit realized per unit of the multiplier}; takes no lock.
--
-- Closing realizes against the average and leaves it; growing moves it, rounded half up to ten
-- decimals, or to as many as the prices have if they have more; a first fill's price stands as it is.
-- A quantity below zero sells. What is flat keeps an average that means nothing.
-- plpgsql keeps its plan: as a SQL function it costs 5 times as much a fill.
create function trading.add_fill(held numeric[], quantity numeric, price numeric) returns numeric[]
language plpgsql immutable strict parallel safe
as $$
declare
    after numeric := held[1] + quantity;
    places integer;
begin
    if held[1] * quantity > 0 then
        places := greatest(10, min_scale(held[2]), min_scale(price));
        -- div() truncates exactly; a quotient by / is rounded before round() sees it.
        return array[
            after,
            div(
                (held[1] * held[2] + quantity * price)
                * case places when 10 then 20000000000 else ('2e' || places)::numeric end + after,
                2 * after
            ) * case places when 10 then 0.0000000001 else ('1e-' || places)::numeric end,
            held[3]
        ];
    elsif held[1] * after > 0 then
        return array[after, held[2], held[3] - quantity * (price - held[2])];
    end if;
    return array[after, price, held[3] + held[1] * (price - held[2])];
end;
$$;

-- What do the fills of a position come to? In the order that they are given in.
create aggregate trading.average_cost(quantity numeric, price numeric) ( -- noqa: PRS
    sfunc = trading.add_fill, stype = numeric[], initcond = '{0,0,0}', parallel = safe
);

comment on function trading.add_fill(numeric[], numeric, numeric) is
'A position after one more fill: {quantity, average price, profit realized per unit of the multiplier}.';
comment on aggregate trading.average_cost(numeric, numeric) is
'A position after fills in order: {quantity, average price, profit realized per unit of the multiplier}.';
