-- Which reader built last, and what had it read?
-- One row stays: a marts' schema holds one build, so what another reader remembers is no longer true.
with replaced as (
    delete from ops.cursors
    where starts_with(consumer, %(readers)s) and consumer <> %(reader)s
)

insert into ops.cursors (consumer, snapshot)
values (%(reader)s, %(snapshot)s::pg_snapshot)
on conflict (consumer) do update
    set
        snapshot = excluded.snapshot,
        updated_at = now(),
        version = cursors.version + 1;
