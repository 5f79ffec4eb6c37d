-- Which writes are visible in the one snapshot and were not in the other?
-- One row per event that changed what rows say, in no order; takes no lock.
create function ops.writes_between(stored pg_snapshot, upto pg_snapshot)
returns table (
    relation text,
    operation text,
    occurred_at timestamptz,
    time_from timestamptz,
    time_to timestamptz,
    account_ids bigint[],
    instrument_ids bigint[]
)
language sql stable
as $$
    select
        concat_ws('.', e.table_schema, e.table_name),
        e.operation, e.occurred_at, e.time_from, e.time_to, e.account_ids, e.instrument_ids
    from audit.events_between(stored, upto) as e
    where e.operation in ('insert', 'update', 'delete', 'truncate', 'refresh')
$$;

-- Which events that change its rows has a rollup still to read?
-- One row per event, in no order; takes no lock.
--
-- An insert into a table that it only joins by key says nothing: the rows that name the new key come
-- with events of their own. A rollup over the log itself goes by when events happened, refreshes left
-- out, or its own would never end.
create function ops.pending_events(rollup ops.rollups, upto pg_snapshot)
returns table (time_from timestamptz, time_to timestamptz, account_ids bigint[], instrument_ids bigint[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select w.time_from, w.time_to, w.account_ids, w.instrument_ids
    from ops.writes_between(rollup.snapshot, upto) as w
    where
        w.relation = any(rollup.sources)
        and not (w.operation = 'insert' and w.relation = any(rollup.dimensions))
    union all
    select e.occurred_at, e.occurred_at + interval '1 microsecond', e.account_ids, e.instrument_ids
    from audit.events_between(rollup.snapshot, upto) as e
    where 'audit.events' = any(rollup.sources) and e.operation <> 'refresh'
$$;

-- From where on are a rollup's rows made from sources that are all there?
-- One value, -infinity where nothing was retired; takes no lock. A bucket that is there in part is frozen.
create function ops.first_whole_bucket(rollup ops.rollups) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when rollup.source_floor is null then '-infinity'
        when rollup.bucket = 'all_time' then rollup.source_floor
        else ops.bucket_end(rollup.bucket, rollup.source_floor)
    end
$$;

-- Which stretches of time, for which keys, do the pending events make a rollup recompute?
-- One row per scope, in the order to run them; keys null = all. Takes no lock.
--
-- Stretches are widened to buckets, merged per key, taken out where all keys are due anyway, and put
-- together where they are alike. More than `most` of them are joined where the gaps between are smallest:
-- 3,000 late rows, each with a scope of its own, took 20 s.
create function ops.pending_scopes(rollup ops.rollups, upto pg_snapshot, most integer default 16)
returns table (scope_from timestamptz, scope_to timestamptz, scope_keys bigint[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with touched as (
        select
            greatest(
                ops.bucket_start(rollup.bucket, coalesce(e.time_from, '-infinity')),
                ops.first_whole_bucket(rollup)
            ) as low,
            case rollup.scope_mode
                when 'forward' then 'infinity'
                else ops.bucket_end(rollup.bucket, coalesce(e.time_to, 'infinity'))
            end as high,
            nullif(
                case rollup.scope_key
                    when 'account_id' then e.account_ids
                    when 'instrument_id' then e.instrument_ids
                end,
                '{}'
            ) as keys
        from ops.pending_events(rollup, upto) as e
    ),

    everyone as (
        select coalesce(range_agg(tstzrange(t.low, t.high)), '{}') as spans
        from touched as t
        where t.keys is null and t.low < t.high
    ),

    keyed as (
        select k.key, range_agg(tstzrange(t.low, t.high)) - (select e.spans from everyone as e) as spans
        from touched as t
        cross join unnest(t.keys) as k (key)
        where t.low < t.high
        group by k.key
    ),

    pieces as (
        select lower(s.span) as low, upper(s.span) as high, array_agg(k.key order by k.key) as keys
        from keyed as k
        cross join unnest(k.spans) as s (span)
        group by s.span
        union all
        select lower(s.span), upper(s.span), null
        from everyone as e
        cross join unnest(e.spans) as s (span)
    ),

    spaced as (
        select
            p.low,
            p.high,
            p.keys,
            p.keys is null as is_everyone,
            extract(epoch from p.low)::float8
            - lag(extract(epoch from p.low)::float8) over (partition by p.keys is null order by p.low, p.high, p.keys)
                as gap
        from pieces as p
    ),

    ranked as (
        select
            s.*,
            row_number() over (partition by s.is_everyone order by s.gap desc nulls last, s.low, s.high, s.keys)
                as gap_rank
        from spaced as s
    ),

    grouped as (
        select
            r.*,
            count(*) filter (where r.gap_rank < most) over (
                partition by r.is_everyone order by r.low, r.high, r.keys rows unbounded preceding
            ) as place
        from ranked as r
    )

    select
        min(g.low),
        max(g.high),
        case
            when not g.is_everyone then array(
                select distinct k.key
                from grouped as o
                cross join unnest(o.keys) as k (key)
                where o.place = g.place
                order by 1
            )
        end
    from grouped as g
    group by g.is_everyone, g.place
    order by 1, 2
$$;
