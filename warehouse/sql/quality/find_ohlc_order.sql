-- Which option quotes have a last price outside of the session's range, or a bid above the ask?
-- One row per underlying, source and UTC day. Reads the quotes of the window; bars cannot be so.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
select
    'warning' as severity,
    'market.option_quotes' as relation,
    b.underlying_id as instrument_id,
    b.source_id,
    null as frequency,
    b.day_from as time_from,
    b.day_from + interval '1 day' as time_to,
    format(
        '%%s quotes with a last price outside of low and high, %%s with a bid above the ask',
        b.outside,
        b.crossed
    ) as message,
    jsonb_build_object('outside', b.outside, 'crossed', b.crossed, 'first_contract_id', b.first_contract_id)
        as details
from (
    select
        c.underlying_id,
        q.source_id,
        date_trunc('day', q.snapshot_at, 'UTC') as day_from,
        count(*) filter (where q.last > q.high or q.last < q.low) as outside,
        count(*) filter (where q.bid > q.ask) as crossed,
        min(q.option_contract_id) as first_contract_id
    from market.option_quotes as q
    inner join market.option_contracts as c on q.option_contract_id = c.option_contract_id
    where
        q.snapshot_at >= %(since)s
        and q.snapshot_at < %(until)s
        -- An ask of zero is no offer; a session without a trade has a range of zero.
        and ((q.bid > q.ask and q.ask > 0) or ((q.last > q.high or q.last < q.low) and q.high > 0))
    group by c.underlying_id, q.source_id, day_from
) as b;
