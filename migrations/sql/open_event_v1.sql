-- Which event will the rows written next to a table name? Drawn ahead, kept in a setting of the transaction.
-- The column's default reads the setting; whoever opens an event records it and closes it. Takes no lock.
create function audit.open_event(table_schema text, table_name text, operation text) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return set_config(
        concat_ws('.', 'warehouse', table_schema, table_name, operation),
        nextval('audit.events_event_id_seq')::text,
        true
    );
end;
$$;

-- Which event is open for a table and operation? From here on none is, so a write around the table fails.
-- One row: the event's key, or null. Takes no lock.
create function audit.close_event(table_schema text, table_name text, operation text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    setting text := concat_ws('.', 'warehouse', table_schema, table_name, operation);
    opened text := nullif(current_setting(setting, true), '');
begin
    if opened is not null then
        perform set_config(setting, '', true);
    end if;
    return opened;
end;
$$;

-- Before each statement on an audited table: the arguments are the table's schema and name.
create function audit.before_write() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform set_config(
        concat_ws('.', 'warehouse', tg_argv[0], tg_argv[1], lower(tg_op)),
        nextval('audit.events_event_id_seq')::text,
        true
    );
    return null;
end;
$$;

revoke all on function audit.open_event(text, text, text) from public;
revoke all on function audit.close_event(text, text, text) from public;
revoke all on function audit.before_write() from public;
