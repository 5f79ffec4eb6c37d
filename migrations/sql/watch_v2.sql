-- From now on every statement on a table leaves an event: functions and triggers are made for it.
-- Run once per table, again after a change of its key; SHARE ROW EXCLUSIVE on the table.
--
-- The functions are written out per table, because a statement put together at run time is planned
-- anew each time it runs. Kinds: append_only, restatable and mutable name the event in each row;
-- record and reference do not.
--
-- One row is the commonest statement, and needs no aggregate: its event is one INSERT, with settings
-- read by assignments, which start no query. So it costs half of what many rows cost.
create or replace function audit.watch(
    relation regclass,
    kind text,
    time_column text default null, -- null: an event of it reaches all of time
    account_column text default null, -- null: its rows name none
    instrument_column text default null, -- null: its rows name none; '*': any may be meant
    hidden text[] default '{}' -- columns that no image shows
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $watch$
declare
    home text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = relation);
    name text := (select relname from pg_class where oid = relation);
    names_event boolean := kind in ('append_only', 'restatable', 'mutable');
    key_columns text[] := (
        select array_agg(a.attname order by k.place)
        from pg_index as i
        cross join unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = relation and i.indisprimary
    );
    is_day boolean := exists (
        select from pg_attribute where attrelid = relation and attname = time_column and atttypid = 'date'::regtype
    );
    moment text := case
        when time_column is null then 'null::timestamptz'
        when is_day then format('r.%I::timestamp at time zone ''UTC''', time_column)
        else format('r.%I', time_column)
    end;
    step text := case when is_day then '1 day' else '1 microsecond' end;
    account text := coalesce('r.' || quote_ident(account_column), 'null::bigint');
    instrument text := coalesce('r.' || quote_ident(nullif(instrument_column, '*')), 'null::bigint');
    accounts text := case when account_column is null then '''{}''::bigint[]' else 'seen.accounts' end;
    instruments text := case
        when instrument_column = '*' then 'null' when instrument_column is null then '''{}''::bigint[]'
        else 'seen.instruments'
    end;
    one_account text := case
        when account_column is null then accounts else format('array_remove(array[%s], null)', account)
    end;
    one_instrument text := case
        when instrument_column is null or instrument_column = '*' then instruments
        else format('array_remove(array[%s], null)', instrument)
    end;
    finite text := case when time_column is null then '' else format(' and isfinite(%s)', moment) end;
    -- A row that moved to another time or key is told with both, as many rows are.
    stays text := (
        select coalesce(string_agg(format(' and o.%1$I is not distinct from r.%1$I', c), ''), '')
        from unnest(array[time_column, account_column, nullif(instrument_column, '*')]) as t (c)
        where c is not null
    );
    shown text := case when hidden = '{}' then '' else format(' - %L::text[]', hidden) end;
    keys record;
    operation record;
begin
    select
        string_agg(format('b.%I', k), ', ' order by p) as replaced,
        string_agg(format('a.%I', k), ', ' order by p) as added,
        string_agg(format('coalesce(b.%1$I, a.%1$I)', k), ', ' order by p) as either,
        string_agg(format('b.%1$I = a.%1$I', k), ' and ' order by p) as same
    into keys
    from unnest(key_columns) with ordinality as t (k, p);
    for operation in
        select o.*, kind = 'record' or o.word <> 'insert' as leaves_images
        from (values
            ('insert', 'new table as added', 'select 1 as written, r.* from added as r', 'added', 'added as r', ''),
            ('update', 'old table as replaced new table as added',
                'select 1 as written, r.* from added as r union all select 0, r.* from replaced as r', 'added',
                'added as r cross join replaced as o', stays),
            ('delete', 'old table as replaced', 'select 1 as written, r.* from replaced as r', 'replaced',
                'replaced as r', '')
        ) as o (word, transition, touched, written, alone, stays)
    loop
        execute format(
            $template$
            create or replace function audit.%1$I() returns trigger
            language plpgsql security definer
            set search_path = pg_catalog, pg_temp
            %15$s
            as $body$
            declare
                opened bigint := nullif(current_setting(%16$L, true), '');
                closed text := set_config(%16$L, '', true);
                written bigint := (select count(*) from (select from %13$I limit 2) as l);
                seen record;
            begin
                if written = 0 then
                    return null;
                end if;
                if written = 1 then
                    insert into audit.events (
                        event_id, table_schema, table_name, operation, row_count, time_from, time_to,
                        account_ids, instrument_ids, digest
                    )
                    select
                        opened, %2$L, %3$L, %4$L, 1, %17$s, %17$s + interval %5$L, %18$s, %19$s,
                        case when current_setting('client_encoding') = 'UTF8' then
                            sha256(sha256('\x00'::bytea || record_send(r)))
                        end
                    from %20$s
                    where %9$s%21$s%22$s;
                end if;
                if not found then
                    select
                        sum(g.written)::bigint as row_count,
                        min(g.low) as low,
                        max(g.high) + interval %5$L as high,
                        array_agg(g.account) as accounts,
                        array_agg(g.instrument) as instruments,
                        bool_and(g.is_named) as is_named
                    into seen
                    from (
                        select
                            sum(r.written) as written, min(%6$s) as low, max(%6$s) as high,
                            %7$s as account, %8$s as instrument, bool_and(%9$s) as is_named
                        from (%10$s) as r
                        group by 4, 5
                    ) as g;
                    if opened is null or not seen.is_named then
                        raise insufficient_privilege using
                            message = '%2$I.%3$I: a row names another event than that of its own write',
                            hint = 'Leave event_id out of what you write: the column fills itself.';
                    end if;
                    perform audit.record_event(
                        %2$L, %3$L, %4$L, seen.row_count, seen.low, seen.high, %11$s, %12$s,
                        -- Texts are sent in the client's encoding; only one of them can be compared.
                        digest => case when seen.row_count <= 100 and current_setting('client_encoding') = 'UTF8' then (
                            select sha256(string_agg(l.leaf, '' order by l.leaf))
                            from (select sha256('\x00'::bytea || record_send(w)) as leaf from %13$I as w) as l
                        ) end,
                        event_id => opened
                    );
                end if;
                %14$s
                return null;
            end;
            $body$
            $template$,
            concat_ws('_', home, name, operation.word), home, name, operation.word, step, moment,
            account, instrument,
            case
                when names_event and operation.word = 'insert' then 'r.event_id = opened' else 'opened is not null'
            end,
            operation.touched, accounts, instruments, operation.written,
            case when operation.leaves_images then format(
                $images$
                insert into audit.images (
                    event_id, occurred_at, image_no, table_schema, table_name, row_key, before, after
                )
                select opened, now(), row_number() over (), %1$L, %2$L, concat_ws('/', %3$s), %4$s, %5$s
                from %6$s;
                $images$,
                home, name,
                case
                    when operation.word = 'insert' then keys.added
                    when operation.word = 'delete' or kind = 'restatable' then keys.replaced
                    else keys.either
                end,
                case when operation.word = 'insert' then 'null' else 'to_jsonb(b)' || shown end,
                -- The new state of a restated fact is the row itself, until it becomes an image.
                case when operation.word = 'delete' or kind = 'restatable' then 'null' else 'to_jsonb(a)' || shown end,
                case
                    when operation.word = 'insert' then 'added as a'
                    when operation.word = 'delete' or kind = 'restatable' then 'replaced as b'
                    else 'replaced as b full join added as a on ' || keys.same
                end
            ) end,
            -- An image reads the same whatever the session has set; each setting costs a microsecond.
            case when operation.leaves_images then
                'set timezone = ''UTC'' set datestyle = ''ISO, YMD'' set extra_float_digits = 1'
            end,
            concat_ws('.', 'warehouse', home, name, operation.word), moment,
            one_account, one_instrument, operation.alone, finite, operation.stays
        );
        execute format('revoke all on function audit.%I() from public', concat_ws('_', home, name, operation.word));
        execute format(
            'create or replace trigger audit_before_%1$s before %1$s on %2$s
            for each statement execute function audit.before_write(%3$L, %4$L)',
            operation.word, relation, home, name
        );
        execute format(
            'create or replace trigger audit_%1$s after %1$s on %2$s referencing %3$s
            for each statement execute function audit.%4$I()',
            operation.word, relation, operation.transition, concat_ws('_', home, name, operation.word)
        );
        execute format('alter table %s enable always trigger audit_before_%s', relation, operation.word);
        execute format('alter table %s enable always trigger audit_%s', relation, operation.word);
    end loop;
    execute format(
        'create or replace trigger audit_truncate before truncate on %s
        for each statement execute function audit.refuse_truncate()', relation
    );
    execute format('alter table %s enable always trigger audit_truncate', relation);
    if names_event then
        execute format(
            'alter table %s alter column event_id set default nullif(current_setting(%L, true), '''')::bigint',
            relation, concat_ws('.', 'warehouse', home, name, 'insert')
        );
        execute format(
            'create or replace trigger audit_row before update or delete on %s
            for each row execute function audit.guard_row(%L, %L, %L)', relation, home, name, kind
        );
        execute format('alter table %s enable always trigger audit_row', relation);
    end if;
end;
$watch$;

revoke all on function audit.watch(regclass, text, text, text, text, text[]) from public;
