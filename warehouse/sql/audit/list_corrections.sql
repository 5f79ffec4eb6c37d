-- What took the place of a trade: its correction or bust, and what corrected that?
-- One row per correction, in their order; by primary keys.
with recursive chain as (
    select
        r.account_id,
        r.replaced_by_executed_at,
        r.replaced_by_trade_id,
        1 as step
    from trading.trade_replacements as r
    where
        r.account_id = %(account_id)s
        and r.executed_at = %(executed_at)s
        and r.trade_id = %(trade_id)s
    union all
    select
        r.account_id,
        r.replaced_by_executed_at,
        r.replaced_by_trade_id,
        c.step + 1 as step
    from chain as c
    inner join trading.trade_replacements as r
        on
            c.account_id = r.account_id
            and c.replaced_by_executed_at = r.executed_at
            and c.replaced_by_trade_id = r.trade_id
)

select to_jsonb(t) as state
from chain as c
inner join trading.trades as t
    on
        c.account_id = t.account_id
        and c.replaced_by_executed_at = t.executed_at
        and c.replaced_by_trade_id = t.trade_id
order by c.step
