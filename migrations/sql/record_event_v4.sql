-- What was written, by whom, where does it reach? One audit event in this transaction; returns its key.
-- One row per call, none (null) where DML touched no row; ROW EXCLUSIVE on audit.events and the partition.
--
-- What must hold of an event is asked here, and not by constraints of the table: PostgreSQL reads their
-- text anew for each statement, which was a quarter of what the event of one row cost.
create or replace function audit.record_event(
    table_schema text,
    table_name text,
    operation text,
    row_count bigint,
    time_from timestamptz default null, -- with time_to null: all of time
    time_to timestamptz default null, -- exclusive
    account_ids bigint[] default null, -- null: any; empty: the rows name none
    instrument_ids bigint[] default null,
    batch_id bigint default null,
    digest bytea default null,
    event_id bigint default null, -- drawn before, where the rows carry it already
    key_bound integer default 100 -- more keys than this are recorded as any
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if row_count = 0 and operation in ('insert', 'update', 'delete') then
        return null;
    end if;
    if not (
        operation in (
            'insert', 'update', 'delete', 'truncate', 'refresh',
            'attach', 'detach', 'archive', 'restore', 'drop', 'rebase',
            'index', 'drop_index'
        )
        and row_count >= 0
        -- Null says "all of time"; Python could not read an infinity.
        and (time_from is null) = (time_to is null)
        and coalesce(time_from < time_to and isfinite(time_from) and isfinite(time_to), true)
        and coalesce(octet_length(digest) = 32, true)
    ) then
        raise check_violation using
            message = format(
                'no event says %s of %s rows of %I.%I from %s to %s',
                operation, row_count, table_schema, table_name, coalesce(time_from::text, 'any time'),
                coalesce(time_to::text, 'any time')
            ),
            hint = 'Name a known operation, and a finite time that ends after it begins, or none.';
    end if;
    event_id := coalesce(event_id, nextval('audit.events_event_id_seq'));
    insert into audit.events (
        event_id, table_schema, table_name, operation, row_count, time_from, time_to,
        account_ids, instrument_ids, batch_id, digest
    ) values (
        event_id, table_schema, table_name, operation, row_count, time_from, time_to,
        audit.listed_keys(account_ids, key_bound),
        audit.listed_keys(instrument_ids, key_bound),
        coalesce(batch_id, nullif(current_setting('warehouse.batch_id', true), '')::bigint),
        digest
    );
    return event_id;
end;
$$;
