-- Which closes lie further from the close before than prices move, without a corporate action in between?
-- One row per bar; an error where the next bar is back. Reads the bars from 10 days before the window.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
with closes as (
    select
        b.instrument_id,
        b.source_id,
        b.frequency,
        b.bar_at,
        b.close::double precision as price,
        lag(b.bar_at) over around as before_at,
        lag(b.close::double precision) over around as before,
        lag(b.close::double precision, 2) over around as earlier,
        lag(b.close::double precision, 3) over around as earliest,
        lead(b.close::double precision) over around as after
    from market.bars as b
    where
        b.bar_at >= %(since)s - interval '10 days'
        and b.bar_at < %(until)s
        and not b.is_empty
    window around as (partition by b.instrument_id, b.source_id, b.frequency order by b.bar_at)
)

select
    case when abs(c.after / c.before - 1) < %(max_move)s / 4 then 'error' else 'warning' end as severity,
    'market.bars' as relation,
    c.instrument_id,
    c.source_id,
    c.frequency,
    c.bar_at as time_from,
    c.bar_at + interval '1 microsecond' as time_to,
    format(
        'close of %%s after %%s: a move of %%s %%%%',
        c.price,
        c.before,
        round((100 * (c.price / c.before - 1))::numeric, 1)
    ) as message,
    jsonb_build_object('close', c.price, 'before', c.before, 'after', c.after) as details
from closes as c
where
    c.bar_at >= %(since)s
    and abs(c.price / c.before - 1) > %(max_move)s
    -- The way back from a spike is that spike, told already; where prices go up and down, each is one.
    and not coalesce(
        abs(c.price / c.earlier - 1) < %(max_move)s / 4
        and coalesce(abs(c.earlier / c.earliest - 1) <= %(max_move)s, true),
        false
    )
    and not exists (
        select
        from market.corporate_actions as a
        where
            a.instrument_id = c.instrument_id
            and a.kind in ('split', 'stock_dividend', 'special_dividend', 'spin_off', 'merger')
            and a.effective_day between c.before_at::date and c.bar_at::date
    );
