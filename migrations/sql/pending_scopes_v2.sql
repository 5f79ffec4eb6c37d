-- Which events that change its rows has a rollup still to read?
-- One row per event, in no order; takes no lock. `is_joined`: of a table that is joined by key alone.
--
-- An insert into such a table says nothing: the rows that name the new key come with events of their own.
-- A rollup over the log itself goes by when events happened, refreshes left out, or its own would never end.
create function ops.pending_events(rollup ops.rollups, upto pg_snapshot)
returns table (
    time_from timestamptz,
    time_to timestamptz,
    account_ids bigint[],
    instrument_ids bigint[],
    is_joined boolean
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select w.time_from, w.time_to, w.account_ids, w.instrument_ids, w.relation = any(rollup.dimensions)
    from ops.writes_between(rollup.snapshot, upto) as w
    where
        w.relation = any(rollup.sources)
        and not (w.operation = 'insert' and w.relation = any(rollup.dimensions))
    union all
    select e.occurred_at, e.occurred_at + interval '1 microsecond', e.account_ids, e.instrument_ids, false
    from audit.events_between(rollup.snapshot, upto) as e
    where 'audit.events' = any(rollup.sources) and e.operation <> 'refresh'
$$;

-- Which of a rollup's keys stand beside others in the tables that it reads: whose is an instrument?
-- One value, null where no table has both; ACCESS SHARE on each.
create function ops.keys_beside(rollup ops.rollups, others bigint[]) returns bigint[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    other constant text := case rollup.scope_key when 'account_id' then 'instrument_id' else 'account_id' end;
    source regclass;
    found bigint[];
    keys bigint[];
begin
    for source in
        select a.attrelid
        from unnest(rollup.sources) as s (name)
        inner join pg_attribute as a on a.attrelid = to_regclass(s.name)
        where a.attname in (rollup.scope_key, other) and not a.attisdropped
        group by a.attrelid
        having count(*) = 2
    loop
        execute format(
            'select array(select distinct s.%1$I from %2$s as s where s.%3$I = any($1))',
            rollup.scope_key, source, other
        ) into found using others;
        keys := coalesce(keys, '{}') || found;
    end loop;
    return keys;
end;
$$;

-- Which stretches of time, for which keys, do the pending events make a rollup recompute?
-- One row per scope, in the order to run them; keys null = all. Takes no lock.
--
-- Stretches are widened to buckets, merged per key, taken out where all keys are due anyway, and put
-- together where they are alike. More than `most` of them are joined where the gaps between are smallest:
-- 3,000 late rows, each with a scope of its own, took 20 s. plpgsql, for it keeps its plan.
create function ops.pending_scopes(rollup ops.rollups, upto pg_snapshot, most integer default 16)
returns table (scope_from timestamptz, scope_to timestamptz, scope_keys bigint[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with events as (
        select
            e.time_from, e.time_to, e.is_joined,
            case rollup.scope_key
                when 'account_id' then e.account_ids
                when 'instrument_id' then e.instrument_ids
            end as named,
            case rollup.scope_key
                when 'account_id' then e.instrument_ids
                when 'instrument_id' then e.account_ids
            end as beside
        from ops.pending_events(rollup, upto) as e
    ),

    -- A row that is joined by key and names only the other one concerns what stands beside that:
    -- asked once for all such rows.
    joined as (
        select e.time_from, e.time_to, array_agg(distinct b.key) as beside
        from events as e
        cross join unnest(e.beside) as b (key)
        where e.is_joined and e.named = '{}'
        group by e.time_from, e.time_to
    ),

    dated as (
        select e.time_from, e.time_to, nullif(e.named, '{}') as keys
        from events as e
        where (e.is_joined and e.named = '{}' and e.beside <> '{}') is not true
        union all
        select j.time_from, j.time_to, ops.keys_beside(rollup, j.beside)
        from joined as j
    ),

    touched as (
        select
            greatest(
                ops.bucket_start(rollup.bucket, coalesce(d.time_from, '-infinity')),
                ops.first_whole_bucket(rollup)
            ) as low,
            case rollup.scope_mode
                when 'forward' then 'infinity'
                else ops.bucket_end(rollup.bucket, coalesce(d.time_to, 'infinity'))
            end as high,
            d.keys
        from dated as d
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
    order by 1, 2;
end;
$$;
