-- Which trades did the corrections and busts of a statement replace?
-- One row per replaced trade; ROW EXCLUSIVE on trading.trade_replacements. Refuses a trade that is not there.
--
-- They leave an event of their own: what a rollup counted at the replaced trade's time, in the instrument
-- that it named, is no longer so.
create or replace function trading.record_replacements() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    written bigint;
    lost record;
    seen record;
begin
    if not exists (select from added as a where a.kind <> 'new') then
        return null;
    end if;
    written := nextval('audit.events_event_id_seq');
    insert into trading.trade_replacements (
        account_id, executed_at, trade_id, replaced_by_executed_at, replaced_by_trade_id, event_id
    )
    select
        a.account_id, a.replaces_executed_at, a.replaces_trade_id, a.executed_at, a.trade_id, written
    from added as a
    where a.kind <> 'new';
    select a.trade_id, a.replaces_trade_id, a.replaces_executed_at into lost
    from added as a
    where
        a.kind <> 'new'
        and not exists (
            select from trading.trades as t
            where
                t.account_id = a.account_id
                and t.executed_at = a.replaces_executed_at
                and t.trade_id = a.replaces_trade_id
        )
    limit 1;
    if found then
        raise foreign_key_violation using
            message = format(
                'trade %s replaces trade %s of %s, which is not in trading.trades',
                lost.trade_id, lost.replaces_trade_id, lost.replaces_executed_at
            ),
            hint = 'Load the replaced trade first, or restore the partition that holds it.';
    end if;
    select
        count(*) as row_count,
        min(a.replaces_executed_at) as low,
        max(a.replaces_executed_at) + interval '1 microsecond' as high,
        array_agg(a.account_id) as accounts
    into seen
    from added as a
    where a.kind <> 'new';
    perform audit.record_event(
        'trading', 'trade_replacements', 'insert', seen.row_count, seen.low, seen.high, seen.accounts,
        event_id => written
    );
    return null;
end;
$$;
