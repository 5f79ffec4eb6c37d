-- What did an instrument trade at, bar by bar: as the first source with any says, else made of shorter bars?
-- One row per bar from from_at to before to_at, by time, from after after_bar_at; missing ones by fill.
create function api.market_bars(
    key_id bigint,
    instrument_id bigint,
    frequency text,
    from_at timestamptz,
    to_at timestamptz,
    fill text default 'none',
    after_bar_at timestamptz default null,
    page_size bigint default null
)
returns table (
    bar_at timestamptz,
    open numeric,
    high numeric,
    low numeric,
    close numeric,
    volume numeric,
    is_filled boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
with chosen as (
    select s.source_id
    from reference.sources as s
    where
        s.is_active
        and exists (
            select
            from market.bars as b
            where
                b.instrument_id = market_bars.instrument_id
                and b.frequency = market_bars.frequency
                and b.bar_at >= from_at
                and b.bar_at < to_at
                and b.source_id = s.source_id
        )
    order by s.priority, s.source_id
    limit 1
),

step as (
    select case market_bars.frequency
        when '1m' then interval '1 minute'
        when '5m' then interval '5 minutes'
        when '15m' then interval '15 minutes'
        when '30m' then interval '30 minutes'
        when '1h' then interval '1 hour'
        when '1d' then interval '1 day'
        else interval '7 days'
    end as length
),

-- Where bars could stand: in the sessions of the exchange. Weeks are only those that were traded.
slots as (
    select slot.at
    from reference.instruments as i
    join reference.trading_days as d on d.exchange = i.exchange
    cross join step
    cross join lateral generate_series(
        d.opens_at,
        case when market_bars.frequency = '1d' then d.opens_at else d.closes_at - step.length end,
        step.length
    ) as slot (at)
    where
        fill <> 'none'
        and market_bars.frequency <> '1w'
        and i.instrument_id = market_bars.instrument_id
        and d.day >= from_at::date - 1
        and d.day <= to_at::date + 1
        and slot.at >= from_at
        and slot.at < to_at
        and (after_bar_at is null or slot.at > after_bar_at)
    order by slot.at
    limit page_size
),

-- Of an interval that no source delivers: what was made of shorter bars.
made as (
    select
        n.bar_at, n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_5m as n
    where
        market_bars.frequency = '5m'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_at >= from_at
        and n.bar_at < to_at
    union all
    select
        n.bar_at, n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_15m as n
    where
        market_bars.frequency = '15m'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_at >= from_at
        and n.bar_at < to_at
    union all
    select
        n.bar_at, n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_30m as n
    where
        market_bars.frequency = '30m'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_at >= from_at
        and n.bar_at < to_at
    union all
    select
        n.bar_at, n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_1h as n
    where
        market_bars.frequency = '1h'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_at >= from_at
        and n.bar_at < to_at
    union all
    select
        coalesce(d.opens_at, n.bar_day::timestamp at time zone 'UTC'), n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_1d as n
    join reference.instruments as i on i.instrument_id = n.instrument_id
    left join reference.trading_days as d on d.exchange = i.exchange and d.day = n.bar_day
    where
        market_bars.frequency = '1d'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_day >= from_at::date - 1
        and n.bar_day <= to_at::date + 1
    union all
    select
        n.bar_day::timestamp at time zone 'UTC', n.open, n.high, n.low, n.close, n.volume
    from rollups.bars_1w as n
    where
        market_bars.frequency = '1w'
        and n.instrument_id = market_bars.instrument_id
        and n.bar_day >= from_at::date - 1
        and n.bar_day <= to_at::date + 1
),

delivered as (
    select
        b.bar_at, b.open, b.high, b.low, b.close, b.volume
    from market.bars as b
    where
        b.instrument_id = market_bars.instrument_id
        and b.frequency = market_bars.frequency
        and b.bar_at >= from_at
        and b.bar_at < to_at
        and b.source_id = (select c.source_id from chosen as c)
        and (after_bar_at is null or b.bar_at > after_bar_at)
    order by b.bar_at
    limit page_size
),

stored as (
    select * from delivered
    union all
    (
        select m.*
        from made as m
        where
            not exists (select from chosen)
            and m.bar_at >= from_at
            and m.bar_at < to_at
            and (after_bar_at is null or m.bar_at > after_bar_at)
        order by m.bar_at
        limit page_size
    )
),

-- The close that the first missing bar goes on from.
before as (
    select b.close
    from market.bars as b
    where
        fill = 'previous'
        and b.instrument_id = market_bars.instrument_id
        and b.frequency = market_bars.frequency
        and b.bar_at >= coalesce(after_bar_at, from_at) - interval '31 days'
        and b.bar_at < coalesce(after_bar_at + interval '1 microsecond', from_at)
        and b.source_id = (select c.source_id from chosen as c)
        and b.close is not null
    order by b.bar_at desc
    limit 1
),

merged as (
    select
        coalesce(s.bar_at, t.at) as bar_at,
        s.open, s.high, s.low, s.close, s.volume,
        s.bar_at is null as is_filled,
        count(s.close) over (order by coalesce(s.bar_at, t.at)) as run
    from stored as s
    full join slots as t on t.at = s.bar_at
),

carried as (
    select
        m.*,
        case
            when fill = 'previous'
                then coalesce(
                    first_value(m.close) over (partition by m.run order by m.bar_at),
                    (select b.close from before as b)
                )
        end as previous
    from merged as m
)

select
    c.bar_at,
    case when c.is_filled then c.previous else c.open end,
    case when c.is_filled then c.previous else c.high end,
    case when c.is_filled then c.previous else c.low end,
    case when c.is_filled then c.previous else c.close end,
    case when c.is_filled and fill = 'previous' then 0 else c.volume end,
    c.is_filled
from carried as c
where ops.key_may(market_bars.key_id, 'read')
order by c.bar_at
limit page_size
$$;
