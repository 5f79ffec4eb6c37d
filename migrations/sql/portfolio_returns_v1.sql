-- What did a portfolio return: in a day, over days, and at what yearly rate on the money put in?
-- Functions of values and flows; they take no lock.

-- A deposit works from the start of the day, a withdrawal until its end; null where no money was at work.
create function portfolio.daily_return(equity numeric, previous_equity numeric, external_flow numeric)
returns double precision
language sql immutable parallel safe
return case
    when previous_equity + greatest(external_flow, 0) > 0 then
        (equity - least(external_flow, 0))::double precision
        / (previous_equity + greatest(external_flow, 0))::double precision
        - 1
end;

-- Growth over days is the product of their growths: time-weighted return = product(1 + daily_return) - 1.
create aggregate portfolio.product(value double precision) ( -- noqa: LT01
    sfunc = float8mul,
    stype = float8,
    combinefunc = float8mul,
    initcond = '1',
    parallel = safe
);

-- The return of a year of 252 days that grow alike; null where everything and more was lost, and where
-- double precision does not reach.
create function portfolio.annualized(growth double precision, days double precision) returns double precision
language sql immutable parallel safe
return case
    when growth = 0 then -1
    when growth > 0 and abs(ln(growth)) * 252 / days < 700 then growth ^ (252 / days) - 1
end;

-- The yearly rate at which all flows are worth nothing together, 365 days a year, as in XIRR. Null where the
-- flows have no such rate: fewer than two days, money one way only, or so many turns that an even number of
-- rates would do. Newton's steps on the logarithm of what comes out over what went in, which is nearly
-- straight in the logarithm of growth; where a step leaves the bracket, the bracket is halved.
create function portfolio.xirr(days date[], amounts numeric[]) returns double precision
language plpgsql immutable parallel safe
as $$
declare
    years double precision[];
    flows double precision[];
    low double precision; -- logarithms of growth in a year
    high double precision;
    x double precision := 0;
    next double precision;
    gain double precision; -- above zero below the rate, where gains fall with it
    slope double precision;
    falling boolean;
begin
    select array_agg((f.day - f.first_day) / 365.0::double precision), array_agg(f.amount)
    into years, flows
    from (
        select d.day, sum(d.amount)::double precision as amount, min(min(d.day)) over () as first_day
        from unnest(days, amounts) as d (day, amount)
        group by d.day
    ) as f;
    -- No more than exp(300) either way, in a year or over the whole span, so that nothing overflows.
    high := 300 / greatest(1, (select max(y) from unnest(years) as y));
    low := -high;
    select sum(f.amount * exp(-low * f.year)), sum(f.amount * exp(-high * f.year)) into gain, slope
    from unnest(years, flows) as f (year, amount);
    if coalesce(gain * slope >= 0, true) then
        return null;
    end if;
    falling := gain > 0;
    for step in 1..100 loop
        select
            ln(sum(f.worth) filter (where f.worth > 0) / -sum(f.worth) filter (where f.worth < 0)),
            sum(f.worth * f.year) filter (where f.worth < 0) / sum(f.worth) filter (where f.worth < 0)
            - sum(f.worth * f.year) filter (where f.worth > 0) / sum(f.worth) filter (where f.worth > 0)
        into gain, slope
        from (
            select y.year, y.amount * exp(-x * y.year) as worth from unnest(years, flows) as y (year, amount)
        ) as f;
        if falling = (gain > 0) then
            low := x;
        else
            high := x;
        end if;
        next := x - gain / nullif(slope, 0);
        exit when abs(next - x) < 1e-14;
        x := case when next > low and next < high then next else (low + high) / 2 end;
    end loop;
    return exp(x) - 1;
end;
$$;

comment on function portfolio.daily_return(numeric, numeric, numeric) is
'Return of a day whose deposits work from its start and whose withdrawals until its end.';
comment on aggregate portfolio.product(double precision) is -- noqa: LT01
'Product of the values that are not null.';
comment on function portfolio.annualized(double precision, double precision) is
'Return of a year of 252 days, from the growth of some days.';
comment on function portfolio.xirr(date[], numeric[]) is
'Yearly rate at which the flows are worth nothing together, as in XIRR; null without one.';
