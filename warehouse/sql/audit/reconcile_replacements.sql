-- Is each correction and bust among the replacements, and each replacement among the trades?
-- One row per trade or replacement where not. Reads the time that is asked for, and locks nothing.
select
    t.event_id,
    false as is_extra,
    format('%%s/%%s/%%s', t.account_id, t.replaces_executed_at, t.replaces_trade_id) as replaced
from trading.trades as t
where
    t.kind <> 'new'
    and (%(first)s::bigint is null or t.event_id >= %(first)s)
    and not exists (
        select from trading.trade_replacements as r
        where
            r.account_id = t.account_id
            and r.executed_at = t.replaces_executed_at
            and r.trade_id = t.replaces_trade_id
            and r.replaced_by_executed_at = t.executed_at
            and r.replaced_by_trade_id = t.trade_id
    )
union all
select
    r.event_id,
    true as is_extra,
    format('%%s/%%s/%%s', r.account_id, r.executed_at, r.trade_id) as replaced
from trading.trade_replacements as r
where
    (%(first)s::bigint is null or r.event_id >= %(first)s)
    and not (r.replaced_by_executed_at <@ %(retired)s::tstzmultirange)
    and not exists (
        select from trading.trades as t
        where
            t.account_id = r.account_id
            and t.executed_at = r.replaced_by_executed_at
            and t.trade_id = r.replaced_by_trade_id
            and t.replaces_executed_at = r.executed_at
            and t.replaces_trade_id = r.trade_id
    )
