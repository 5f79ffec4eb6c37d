-- What are the running averages of prices: EMA 12, 26 and 50, Wilder's gain and loss, MACD's own two?
-- One state per bar, as a window aggregate; resumed from the state after an earlier bar. Takes no lock.

-- One step of an average that starts as the mean of its first `period` values and then moves by `weight`.
-- Inlined where it is called: the formula stands once and costs nothing. It must stay one plain expression.
create function market.smoothed(
    mean double precision, -- the sum of the values so far, until there are `period` of them
    value double precision,
    seen double precision, -- values before this one; below zero: the average has not started
    period integer,
    weight double precision
) returns double precision
language sql immutable parallel safe
return case
    when seen >= period then mean + (value - mean) * weight
    when seen = period - 1 then (mean + value) / period
    when seen >= 0 then mean + value
    else 0
end;

-- The state: {bars, last price, EMA 12, EMA 26, EMA 50, gain, loss, MACD's fast average, MACD's signal}.
-- plpgsql with one array expression: 1.0 µs a bar; the same as a SQL function: 13 µs.
create function market.smooth(
    state double precision[],
    price double precision,
    opening double precision[] -- the state to resume from; null: the series starts here
) returns double precision[]
language plpgsql immutable parallel safe
as $$
declare
    seen double precision;
    change double precision;
    fast double precision;
    slow double precision;
begin
    if state is null then
        state := coalesce(opening, '{0,0,0,0,0,0,0,0,0}');
    end if;
    seen := state[1];
    change := price - state[2];
    slow := market.smoothed(state[4], price, seen, 26, 2 / 27.0::double precision);
    -- TA-Lib starts MACD's fast average with the slow one, so it is seeded by the bars 15 to 26.
    fast := market.smoothed(state[8], price, seen - 14, 12, 2 / 13.0::double precision);
    return array[
        seen + 1,
        price,
        market.smoothed(state[3], price, seen, 12, 2 / 13.0::double precision),
        slow,
        market.smoothed(state[5], price, seen, 50, 2 / 51.0::double precision),
        market.smoothed(state[6], greatest(change, 0), seen - 1, 14, 1 / 14.0::double precision),
        market.smoothed(state[7], greatest(-change, 0), seen - 1, 14, 1 / 14.0::double precision),
        fast,
        market.smoothed(state[9], fast - slow, seen - 25, 9, 0.2)
    ];
end;
$$;

create aggregate market.smoothing(price double precision, opening double precision[]) ( -- noqa: PRS
    sfunc = market.smooth,
    stype = double precision[],
    parallel = safe
);

comment on aggregate market.smoothing(double precision, double precision[]) is
'State of the averages that never forget, bar by bar as a window aggregate, from an opening state if one is given.';
