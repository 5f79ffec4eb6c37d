-- What became of the load? Files it, with the events that its transaction has left.
-- One row.
insert into ops.ingest_batches (
    batch_id, source_id, kind, content_hash, file_name, byte_count, mode, is_backfill,
    read_count, loaded_count, duplicate_count, rejected_count,
    state, started_at, finished_at, error, event_ids
)
values (
    %(batch_id)s, %(source_id)s, %(kind)s, %(content_hash)s, %(file_name)s, %(byte_count)s, %(mode)s,
    %(is_backfill)s, %(read)s, %(loaded)s, %(duplicate)s, %(rejected)s,
    %(state)s, %(started_at)s, clock_timestamp(), %(error)s,
    array(
        select e.event_id
        from audit.events as e
        where e.xid = pg_current_xact_id() and e.batch_id = %(batch_id)s
        order by e.event_id
    )
);
