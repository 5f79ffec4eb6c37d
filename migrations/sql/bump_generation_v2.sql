-- A relation's rows have changed: say so to the rollups above it, in its generation, and to who listens.
-- One row: the key of its event, which is the new generation; whoever reads it now reads all that is older.
--
-- Its newest data are those of its rows, or of what it reads where its rows have no time.
create or replace function ops.bump_generation(
    relation text,
    row_count bigint,
    time_from timestamptz default null,
    time_to timestamptz default null,
    account_ids bigint[] default null,
    instrument_ids bigint[] default null
) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    event bigint := audit.record_event(
        split_part(bump_generation.relation, '.', 1), split_part(bump_generation.relation, '.', 2), 'refresh',
        row_count, time_from, time_to, account_ids, instrument_ids
    );
begin
    insert into ops.generations as g (relation, generation, as_of, changed_at, newest_data_at)
    values (
        bump_generation.relation, event, now(), clock_timestamp(),
        coalesce(
            bump_generation.time_to,
            (
                select max(below.newest_data_at)
                from ops.generations as below
                where below.relation = any(ops.sources_of(bump_generation.relation::regclass))
            )
        )
    )
    on conflict (relation) do update
        set
            generation = excluded.generation, as_of = excluded.as_of, changed_at = excluded.changed_at,
            newest_data_at = greatest(g.newest_data_at, excluded.newest_data_at);
    perform pg_notify('warehouse_generations', format('%s %s', bump_generation.relation, event));
    return event;
end;
$$;
