-- Which trades stand: new trades and corrections that no later correction or bust has replaced.
-- One row per standing trade, with its own values; takes no lock beyond that of a new view.
create view trading.effective_trades as
select
    t.account_id,
    t.executed_at,
    t.trade_id,
    t.kind,
    t.replaces_executed_at,
    t.replaces_trade_id,
    t.order_id,
    t.instrument_id,
    t.strategy_id,
    t.side,
    t.position_effect,
    t.trade_type,
    t.quantity,
    t.price,
    t.commission,
    t.fees,
    t.settlement_date,
    t.source_id,
    t.batch_id,
    t.event_id
from trading.trades as t
where
    t.kind <> 'bust'
    and not exists (
        select
        from trading.trade_replacements as r
        where
            t.account_id = r.account_id
            and t.executed_at = r.executed_at
            and t.trade_id = r.trade_id
    );

comment on view trading.effective_trades is
'Trades that stand: busts and every row that a correction or bust names are left out, so of a chain '
'of corrections the last one stands, and none where a bust ends it. A correction stands with its own '
'values, its own time included, and nothing of the row it replaces. One row per standing trade.';
