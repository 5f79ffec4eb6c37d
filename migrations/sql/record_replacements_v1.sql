-- Which trades did the corrections and busts of a statement replace?
-- One row per replaced trade; ROW EXCLUSIVE on trading.trade_replacements. Refuses a trade that is not there.
create function trading.record_replacements() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    lost record;
begin
    insert into trading.trade_replacements (
        account_id, executed_at, trade_id, replaced_by_executed_at, replaced_by_trade_id, event_id
    )
    select
        a.account_id, a.replaces_executed_at, a.replaces_trade_id, a.executed_at, a.trade_id, a.event_id
    from added as a
    where a.kind <> 'new';
    if not found then
        return null;
    end if;
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
    return null;
end;
$$;

revoke all on function trading.record_replacements() from public;

create trigger trades_record_replacements
after insert on trading.trades
referencing new table as added
for each statement execute function trading.record_replacements();

-- Also for loads that check their keys set-wise under session_replication_role = replica.
alter table trading.trades enable always trigger trades_record_replacements;
