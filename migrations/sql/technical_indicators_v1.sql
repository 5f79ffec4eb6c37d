-- What are the technical indicators of one instrument, with TA-Lib's numbers?
-- One row per bar after the look-back; a figure whose window is not full is null. Takes no lock.

-- Sums over windows are exact, since prices are numeric: the result does not depend on where a run starts.
create function market.technical_indicators(
    days date[],
    closes numeric[],
    volumes numeric[],
    opening double precision[] default null, -- `smoothing` of the last bar of the look-back
    look_back integer default 0 -- bars at the front that are read, and not answered: 199, or all there are
)
returns table (
    day date,
    close numeric,
    volume numeric,
    sma_20 double precision,
    sma_50 double precision,
    sma_200 double precision,
    ema_12 double precision,
    ema_26 double precision,
    ema_50 double precision,
    rsi_14 double precision,
    macd_line double precision,
    macd_signal double precision,
    macd_histogram double precision,
    bollinger_upper double precision,
    bollinger_middle double precision,
    bollinger_lower double precision,
    bollinger_position double precision,
    bollinger_width double precision,
    volatility_20 double precision,
    price_change_1d double precision,
    price_change_5d double precision,
    price_change_30d double precision,
    average_volume_20 double precision,
    smoothing double precision[]
)
language sql immutable parallel safe
as $$
with

bars as (

    select
        b.bar_no,
        b.day,
        b.close,
        b.volume,
        b.close / lag(b.close, 1) over w - 1 as change_1,
        lag(b.close, 5) over w as close_5,
        lag(b.close, 30) over w as close_30
    from unnest(days, closes, volumes) with ordinality as b (day, close, volume, bar_no)
    window w as (order by b.bar_no)

),

windows as (

    select
        b.*,
        b.close::double precision as price,
        case when b.bar_no >= 20 then (avg(b.close) over w20)::double precision end as mean_20,
        case when b.bar_no >= 50 then (avg(b.close) over w50)::double precision end as mean_50,
        case when b.bar_no >= 200 then (avg(b.close) over w200)::double precision end as mean_200,
        case when b.bar_no >= 20 then sqrt((var_pop(b.close) over w20)::double precision) end as deviation_20,
        case when b.bar_no >= 21 then (stddev_samp(b.change_1) over w20)::double precision end as spread_20,
        case when b.bar_no >= 20 then (avg(b.volume) over w20)::double precision end as volume_20
    from bars as b
    window
        w20 as (order by b.bar_no rows 19 preceding),
        w50 as (order by b.bar_no rows 49 preceding),
        w200 as (order by b.bar_no rows 199 preceding)

),

-- Above the other windows, whose rows would otherwise carry the states along.
smoothed as (

    select
        w.*,
        market.smoothing(w.price, opening) filter (where w.bar_no > look_back) over (order by w.bar_no) as s
    from windows as w

)

select
    t.day,
    t.close,
    t.volume,
    t.mean_20,
    t.mean_50,
    t.mean_200,
    case when t.s[1] >= 12 then t.s[3] end,
    case when t.s[1] >= 26 then t.s[4] end,
    case when t.s[1] >= 50 then t.s[5] end,
    -- TA-Lib answers 0 where nothing has moved.
    case
        when t.s[1] < 15 then null
        when t.s[6] + t.s[7] < 1e-14 then 0
        else 100 * t.s[6] / (t.s[6] + t.s[7])
    end,
    case when t.s[1] >= 34 then t.s[8] - t.s[4] end,
    case when t.s[1] >= 34 then t.s[9] end,
    case when t.s[1] >= 34 then t.s[8] - t.s[4] - t.s[9] end,
    t.mean_20 + 2 * t.deviation_20,
    t.mean_20,
    t.mean_20 - 2 * t.deviation_20,
    (t.price - t.mean_20) / nullif(4 * t.deviation_20, 0) + 0.5,
    4 * t.deviation_20 / t.mean_20,
    t.spread_20 * sqrt(252),
    t.change_1::double precision,
    t.price / t.close_5::double precision - 1,
    t.price / t.close_30::double precision - 1,
    t.volume_20,
    t.s
from smoothed as t
where t.bar_no > look_back;
$$;

comment on function market.technical_indicators(date[], numeric[], numeric[], double precision[], integer) is
'TA-Lib''s indicators of one instrument, from a state and a look-back if they are given. One row per bar.';
