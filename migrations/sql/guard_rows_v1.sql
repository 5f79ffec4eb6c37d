-- May this row of a fact change, and which event will it name? Fires on partitions too, where none is open.
-- The arguments are the parent's schema and name, and the kind of table. Takes no lock.
-- Without a search path of its own, which would cost every row a microsecond: hence the full names.
create function audit.guard_row() returns trigger
language plpgsql
as $$
declare
    setting text := pg_catalog.concat_ws('.', 'warehouse', tg_argv[0], tg_argv[1], '');
    opened text := nullif(pg_catalog.current_setting(setting || pg_catalog.lower(tg_op), true), '');
begin
    if tg_argv[2] = 'append_only' and pg_catalog.current_setting('role') <> 'warehouse_maintain' then
        raise insufficient_privilege using
            message = pg_catalog.format(
                '%I.%I is append-only: its rows are neither updated nor deleted', tg_argv[0], tg_argv[1]
            ),
            hint = 'Write a correction or a bust as a new row; maintenance acts as warehouse_maintain.';
    end if;
    -- A row that an update moves to another partition is deleted from its own.
    if opened is null and tg_op = 'DELETE' then
        opened := nullif(pg_catalog.current_setting(setting || 'update', true), '');
    end if;
    if opened is null then
        raise insufficient_privilege using
            message = pg_catalog.format(
                '%I.%I is written through %I.%I alone, where each write leaves its event',
                tg_table_schema, tg_table_name, tg_argv[0], tg_argv[1]
            ),
            hint = 'Name the parent instead of its partition.';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.event_id := opened;
    return new;
end;
$$;

-- TRUNCATE leaves no image of what it takes, so no audited table and no partition of one has it.
create function audit.refuse_truncate() returns trigger
language plpgsql
as $$
begin
    raise insufficient_privilege using
        message = pg_catalog.format('%I.%I is audited and is not truncated', tg_table_schema, tg_table_name),
        hint = 'Delete its rows as warehouse_maintain, or retire the partition.';
end;
$$;

-- The log itself is added to and never rewritten, by whoever it may be.
create function audit.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise insufficient_privilege using
        message = pg_catalog.format('%I.%I is a log: its rows are never changed', tg_table_schema, tg_table_name),
        hint = 'What is wrong is set right by a further event.';
end;
$$;

revoke all on function audit.guard_row() from public;
revoke all on function audit.refuse_truncate() from public;
revoke all on function audit.refuse_change() from public;
