-- Where do a batch's games and questions stand now? Writes it; a value that is absent leaves the old one.
-- One row: how many events changed, and the tickers nobody knows. ROW EXCLUSIVE on market.events.
with told as (
    select *
    from jsonb_populate_recordset(null::market.events, %(batch)s::jsonb)
),

written as (
    update market.events as e
    set
        status = coalesce(t.status, e.status),
        starts_at = coalesce(t.starts_at, e.starts_at),
        closes_at = coalesce(t.closes_at, e.closes_at),
        score_home = coalesce(t.score_home, e.score_home),
        score_away = coalesce(t.score_away, e.score_away),
        period = coalesce(t.period, e.period),
        clock = coalesce(t.clock, e.clock),
        last_synced_at = coalesce(t.last_synced_at, e.last_synced_at),
        version = e.version + 1,
        updated_at = now()
    from told as t
    where
        e.source_id = t.source_id
        and e.ticker = t.ticker
        and (
            e.status, e.starts_at, e.closes_at, e.score_home, e.score_away, e.period, e.clock,
            e.last_synced_at
        ) is distinct from (
            coalesce(t.status, e.status),
            coalesce(t.starts_at, e.starts_at),
            coalesce(t.closes_at, e.closes_at),
            coalesce(t.score_home, e.score_home),
            coalesce(t.score_away, e.score_away),
            coalesce(t.period, e.period),
            coalesce(t.clock, e.clock),
            coalesce(t.last_synced_at, e.last_synced_at)
        )
    returning 1
)

select
    (select count(*) from written) as written,
    (
        select coalesce(jsonb_agg(t.ticker), '[]')
        from told as t
        where not exists (
            select from market.events as e
            where e.source_id = t.source_id and e.ticker = t.ticker
        )
    ) as refused;
