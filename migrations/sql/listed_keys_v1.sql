-- Which keys does an audit event list: distinct and ascending, or null where they would not name every row?
-- Null: more than the bound, none given, or some rows with a key and some without. Takes no lock.
-- plpgsql keeps its plan: as a SQL function it doubled the cost of an event on PostgreSQL 15 (80 µs, not 42).
create function audit.listed_keys(keys bigint[], bound integer) returns bigint[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select case
            when keys is null or count(k) > bound or count(k) between 1 and count(*) - 1 then null
            else coalesce(array_agg(k order by k) filter (where k is not null), '{}')
        end
        from (select distinct k from unnest(keys) as t (k)) as d
    );
end;
$$;
