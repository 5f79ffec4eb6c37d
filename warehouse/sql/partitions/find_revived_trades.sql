-- Which trades would stand again if this partition's corrections and busts were gone?
-- One row per partition that holds such trades, with one of them; reads the index of replacing rows.
select
    t.tableoid::regclass::text as held_by,
    min(r.trade_id) as trade_id
from {partition} as r
inner join trading.trades as t
    on
        r.account_id = t.account_id
        and r.replaces_executed_at = t.executed_at
        and r.replaces_trade_id = t.trade_id
where
    r.replaces_trade_id is not null
    and (r.replaces_executed_at < {start} or r.replaces_executed_at >= {end})
group by t.tableoid;
