-- From when, to when and for which keys is a rollup asked for? From the beginning, to the end, for all.
-- One value each; takes no lock. A refresh reads a view with its own values written in their place.
create function ops.scope_from() returns timestamptz
language sql stable parallel safe
as $$ select '-infinity'::timestamptz $$;

create function ops.scope_to() returns timestamptz
language sql stable parallel safe
as $$ select 'infinity'::timestamptz $$;

create function ops.scope_keys() returns bigint[]
language sql stable parallel safe
as $$ select null::bigint[] $$;
