-- What do a batch of odds say, each with what is absent carried forward from the odds before? Writes it.
-- One row: how many rows were written; unknown events fail. ROW EXCLUSIVE on market.event_odds.
with told as (
    select *
    from jsonb_populate_recordset(null::market.event_odds, %(batch)s::jsonb)
),

spans as (
    select
        t.market_event_id,
        t.source_id,
        min(t.odds_at) as first_at,
        max(t.odds_at) as last_at
    from told as t
    group by t.market_event_id, t.source_id
),

-- What is stored from the newest odds before the batch on, and what the batch says of the same moments.
known as (
    select
        o.market_event_id,
        o.odds_at,
        o.source_id,
        false as is_told,
        o.moneyline_home,
        o.moneyline_away,
        o.spread,
        o.spread_odds_home,
        o.spread_odds_away,
        o.over_under,
        o.over_odds,
        o.under_odds,
        o.yes_bid,
        o.yes_ask,
        o.no_bid,
        o.no_ask,
        o.volume
    from spans as s
    cross join
        lateral (
            select coalesce(max(b.odds_at), s.first_at) as since
            from (
                select p.odds_at
                from market.event_odds as p
                where
                    p.market_event_id = s.market_event_id
                    and p.source_id = s.source_id
                    and p.odds_at < s.first_at
                order by p.odds_at desc
                limit 1
            ) as b
        ) as f
    inner join market.event_odds as o
        on
            s.market_event_id = o.market_event_id
            and s.source_id = o.source_id
            and o.odds_at between f.since and s.last_at
    union all
    select
        t.market_event_id,
        t.odds_at,
        t.source_id,
        true as is_told,
        t.moneyline_home,
        t.moneyline_away,
        t.spread,
        t.spread_odds_home,
        t.spread_odds_away,
        t.over_under,
        t.over_odds,
        t.under_odds,
        t.yes_bid,
        t.yes_ask,
        t.no_bid,
        t.no_ask,
        t.volume
    from told as t
),

carried as (
    select
        r.market_event_id,
        r.odds_at,
        r.source_id,
        r.is_told,
        (array_agg(r.moneyline_home) filter (where r.moneyline_home is not null) over w)[
            count(r.moneyline_home) over w
        ] as moneyline_home,
        (array_agg(r.moneyline_away) filter (where r.moneyline_away is not null) over w)[
            count(r.moneyline_away) over w
        ] as moneyline_away,
        (array_agg(r.spread) filter (where r.spread is not null) over w)[count(r.spread) over w] as spread,
        (array_agg(r.spread_odds_home) filter (where r.spread_odds_home is not null) over w)[
            count(r.spread_odds_home) over w
        ] as spread_odds_home,
        (array_agg(r.spread_odds_away) filter (where r.spread_odds_away is not null) over w)[
            count(r.spread_odds_away) over w
        ] as spread_odds_away,
        (array_agg(r.over_under) filter (where r.over_under is not null) over w)[count(r.over_under) over w]
            as over_under,
        (array_agg(r.over_odds) filter (where r.over_odds is not null) over w)[count(r.over_odds) over w]
            as over_odds,
        (array_agg(r.under_odds) filter (where r.under_odds is not null) over w)[count(r.under_odds) over w]
            as under_odds,
        (array_agg(r.yes_bid) filter (where r.yes_bid is not null) over w)[count(r.yes_bid) over w]
            as yes_bid,
        (array_agg(r.yes_ask) filter (where r.yes_ask is not null) over w)[count(r.yes_ask) over w]
            as yes_ask,
        (array_agg(r.no_bid) filter (where r.no_bid is not null) over w)[count(r.no_bid) over w] as no_bid,
        (array_agg(r.no_ask) filter (where r.no_ask is not null) over w)[count(r.no_ask) over w] as no_ask,
        (array_agg(r.volume) filter (where r.volume is not null) over w)[count(r.volume) over w] as volume
    from known as r
    window w as (
        partition by r.market_event_id, r.source_id
        order by r.odds_at, r.is_told rows unbounded preceding
    )
),

written as (
    insert into market.event_odds as o (
        market_event_id,
        odds_at,
        source_id,
        moneyline_home,
        moneyline_away,
        spread,
        spread_odds_home,
        spread_odds_away,
        over_under,
        over_odds,
        under_odds,
        yes_bid,
        yes_ask,
        no_bid,
        no_ask,
        volume
    )
    select
        c.market_event_id,
        c.odds_at,
        c.source_id,
        c.moneyline_home,
        c.moneyline_away,
        c.spread,
        c.spread_odds_home,
        c.spread_odds_away,
        c.over_under,
        c.over_odds,
        c.under_odds,
        c.yes_bid,
        c.yes_ask,
        c.no_bid,
        c.no_ask,
        c.volume
    from carried as c
    where c.is_told
    on conflict (market_event_id, odds_at, source_id) do update
        set
            moneyline_home = excluded.moneyline_home,
            moneyline_away = excluded.moneyline_away,
            spread = excluded.spread,
            spread_odds_home = excluded.spread_odds_home,
            spread_odds_away = excluded.spread_odds_away,
            over_under = excluded.over_under,
            over_odds = excluded.over_odds,
            under_odds = excluded.under_odds,
            yes_bid = excluded.yes_bid,
            yes_ask = excluded.yes_ask,
            no_bid = excluded.no_bid,
            no_ask = excluded.no_ask,
            volume = excluded.volume,
            updated_at = now()
        where
        (
            o.moneyline_home, o.moneyline_away, o.spread, o.spread_odds_home, o.spread_odds_away,
            o.over_under, o.over_odds, o.under_odds, o.yes_bid, o.yes_ask, o.no_bid, o.no_ask,
            o.volume
        ) is distinct from (
            excluded.moneyline_home,
            excluded.moneyline_away,
            excluded.spread,
            excluded.spread_odds_home,
            excluded.spread_odds_away,
            excluded.over_under,
            excluded.over_odds,
            excluded.under_odds,
            excluded.yes_bid,
            excluded.yes_ask,
            excluded.no_bid,
            excluded.no_ask,
            excluded.volume
        )
    returning 1
)

select
    (select count(*) from written) as written,
    '[]'::jsonb as refused;
