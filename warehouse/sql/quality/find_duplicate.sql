-- Which trades came again in another load, alike in all that they say?
-- One row per instrument, source and UTC day. Reads the trades of the window; one load may hold alike prints.
insert into quality_found (
    severity, relation, instrument_id, source_id, frequency, time_from, time_to, message, details
)
with alike as (
    select
        t.instrument_id,
        t.source_id,
        date_trunc('day', t.executed_at, 'UTC') as day_from,
        count(*) - count(*) / count(distinct t.batch_id) as again
    from trading.effective_trades as t
    where t.executed_at >= %(since)s and t.executed_at < %(until)s
    group by
        t.instrument_id, t.source_id, t.account_id, t.executed_at, t.side, t.quantity, t.price,
        t.order_id, t.commission, t.fees
    having count(distinct t.batch_id) > 1
)

select
    'warning' as severity,
    'trading.trades' as relation,
    a.instrument_id,
    a.source_id,
    null as frequency,
    a.day_from as time_from,
    a.day_from + interval '1 day' as time_to,
    format('%%s trades came again in another load', sum(a.again)) as message,
    jsonb_build_object('trades', sum(a.again)) as details
from alike as a
group by a.instrument_id, a.source_id, a.day_from;
