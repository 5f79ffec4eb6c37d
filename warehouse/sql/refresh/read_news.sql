-- Was anything written since a snapshot, and what is visible now?
-- One row; null = nothing was seen yet.
select
    pg_current_snapshot()::text as snapshot,
    %(seen)s::text is null or exists (
        select from audit.events_between(%(seen)s::pg_snapshot, pg_current_snapshot())
    ) as is_new;
