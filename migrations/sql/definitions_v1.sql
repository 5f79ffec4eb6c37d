-- What does a view read, down through the views and materialized views below it?
-- One row per relation, itself included; takes no lock.
create function ops.relations_under(relation regclass) returns table (under regclass, kind text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with recursive found as (
        select relations_under.relation::oid as oid
        union
        select d.refobjid
        from found as f
        inner join pg_rewrite as w on w.ev_class = f.oid
        inner join pg_depend as d
            on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    )

    select c.oid::regclass, c.relkind::text
    from found as f
    inner join pg_class as c on c.oid = f.oid and c.relkind in ('r', 'p', 'v', 'm')
$$;

-- Which tables are below a rollup's view or a materialized view?
-- One row: their names as schema.table, a rollup's own table left out; takes no lock.
create function ops.sources_of(relation regclass, own regclass default null) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(u.under::text order by u.under::text), '{}')
    from ops.relations_under(relation) as u
    where u.kind in ('r', 'p') and u.under is distinct from own
$$;

-- Which text makes the rows: that of the view, of the views below it, and of the functions these call?
-- One row: its SHA-256; takes no lock. A view that was changed below shows as well as the view itself.
create function ops.definition_hash(logic_view regclass) returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with views as (
        select u.under as oid
        from ops.relations_under(logic_view) as u
        where u.kind in ('v', 'm')
    ),

    functions as (
        select distinct d.refobjid as oid
        from views as v
        inner join pg_rewrite as w on w.ev_class = v.oid
        inner join pg_depend as d
            on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_proc'::regclass
    ),

    texts as (
        select v.oid::regclass::text as name, pg_get_viewdef(v.oid) as text
        from views as v
        union all
        select p.oid::regprocedure::text, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
        from functions as f
        inner join pg_proc as p on p.oid = f.oid
    )

    select sha256(convert_to(string_agg(concat_ws(e'\n', t.name, t.text), e'\n\n' order by t.name), 'UTF8'))
    from texts as t
$$;
