-- Which events are visible in the one snapshot and were not in the other? In an order that never changes.
-- One row per event, by (xid, event_id); by index on xid. Neither ids nor xids alone are commit order.
create function audit.events_between(stored pg_snapshot, upto pg_snapshot) returns setof audit.events
language sql stable
as $$
    select e.*
    from audit.events as e
    where
        e.xid >= coalesce(pg_snapshot_xmin(stored), '0')
        and e.xid < pg_snapshot_xmax(upto)
        and pg_visible_in_snapshot(e.xid, upto)
        and (stored is null or not pg_visible_in_snapshot(e.xid, stored))
    order by e.xid, e.event_id
$$;

-- What is visible now, this transaction's own writes not counted, for they may still be rolled back?
-- One row. PostgreSQL's own answer leaves the asking transaction out of those that still run.
create function audit.current_snapshot() returns pg_snapshot
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    seen pg_snapshot := pg_current_snapshot();
    own xid8 := pg_current_xact_id_if_assigned();
begin
    if own is null or not pg_visible_in_snapshot(own, seen) then
        return seen;
    end if;
    return concat_ws(
        ':',
        least(pg_snapshot_xmin(seen), own),
        pg_snapshot_xmax(seen),
        (
            select string_agg(r.xid::text, ',' order by r.xid)
            from (select pg_snapshot_xip(seen) as xid union all select own) as r
        )
    )::pg_snapshot;
end;
$$;

-- How far has a consumer read? Its cursor is made where it has none, and locked until the transaction ends.
-- One row: the snapshot, null where it has read nothing.
create function audit.read_cursor(consumer text) returns pg_snapshot
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    stored pg_snapshot;
begin
    insert into ops.cursors (consumer) values (consumer) on conflict do nothing;
    select c.snapshot into stored from ops.cursors as c where c.consumer = read_cursor.consumer for update;
    return stored;
end;
$$;

-- A consumer has read all that a snapshot shows.
-- Nothing; ROW EXCLUSIVE on ops.cursors.
create function audit.move_cursor(consumer text, upto pg_snapshot) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    update ops.cursors as c
    set snapshot = upto, updated_at = now(), version = c.version + 1
    where c.consumer = move_cursor.consumer
$$;

revoke all on function audit.read_cursor(text) from public;
revoke all on function audit.move_cursor(text, pg_snapshot) from public;
