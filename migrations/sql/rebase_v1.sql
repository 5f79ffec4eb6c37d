-- Which events had been read when a dump was made? Gives a restored log the transaction ids of this server.
-- One row: the events rewritten; SHARE ROW EXCLUSIVE on audit.events, so nobody writes meanwhile.
--
-- A transaction id means nothing on another server. What every reader had read becomes older than any
-- snapshot, the rest is of this transaction: read next, by some for the second time.
create function audit.rebase() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    ancient constant xid8 := '3';
    all_read constant pg_snapshot := '4:4:';
    moved bigint;
begin
    lock table audit.events in share row exclusive mode;
    alter table audit.events disable trigger audit_log;
    update audit.events as e
    set xid = case
        when exists (
            select
            from (
                select c.snapshot from ops.cursors as c
                union all
                select r.snapshot from ops.rollups as r
                union all
                select m.snapshot from ops.matviews as m
            ) as reader
            where not pg_visible_in_snapshot(e.xid, reader.snapshot)
        ) then pg_current_xact_id()
        else ancient
    end;
    get diagnostics moved = row_count;
    alter table audit.events enable always trigger audit_log;
    update ops.cursors
    set
        snapshot = case when snapshot is not null then all_read end,
        target_snapshot = null, last_xid = null, last_event_id = null,
        updated_at = now(), version = version + 1;
    update ops.rollups
    set
        snapshot = case when snapshot is not null then all_read end,
        verified_snapshot = case when verified_snapshot is not null then all_read end,
        updated_at = now(), version = version + 1;
    update ops.matviews set snapshot = all_read, updated_at = now(), version = version + 1;
    perform audit.record_event('audit', 'events', 'rebase', moved);
    return moved;
end;
$$;

revoke all on function audit.rebase() from public;
