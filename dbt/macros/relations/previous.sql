{# What a swap put aside goes when nobody reads it any more. At a run's end the rest is named. #}
{% macro drop_previous_relations(schemas) %}
    {%- if execute and flags.WHICH in ('run', 'build') and schemas -%}
        {%- do drop_unread(schemas) -%}
        {%- for row in run_query(previous_relations(schemas)).rows if row['readers'] -%}
            {%- do exceptions.warn(
                row['name'] ~ " was replaced, but these still read it and are served what it held then: "
                ~ row['readers'] ~ ". Define them anew on its successor."
            ) -%}
        {%- endfor -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{% endmacro %}


{# What every swap asks first. A table may hold what nothing can make again; a killed run leaves views. #}
{% macro make_way(relation, is_rollup=false) %}
    {%- set standing, previous = describe_relation(relation.render()), named(relation, '__previous') -%}
    {%- if standing and standing.kind not in ('v', 'm') and not is_rollup -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ " is a table, and a view is to take its name. Nothing was changed; rename the table, "
            "or drop it if its rows can be made again."
        ) -%}
    {%- endif -%}
    {%- do drop_unread([previous.schema]) -%}
    {%- for row in run_query(previous_relations([previous.schema])).rows -%}
        {%- if row['identifier'] == previous.identifier -%}
            {%- do exceptions.raise_compiler_error(
                row['name'] ~ " is left from an earlier swap, and these still read it: " ~ row['readers']
                ~ ". Nothing was changed; define them anew on its successor, then build again."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# One goes after the other, for they read each other. #}
{% macro drop_unread(schemas) %}
    {%- call statement('drop_unread') %}
do $drop$
declare
    unread record;
begin
    loop
        select p.name, p.kind into unread
        from ({{ previous_relations(schemas) }}) as p
        where not p.is_read
        limit 1;
        exit when not found;
        execute format('drop %s %s', unread.kind, unread.name);
    end loop;
end $drop$
    {%- endcall -%}
{% endmacro %}


{# What was put aside, whether anything reads it, and which of its readers were not put aside themselves. #}
{% macro previous_relations(schemas) %}
    select
        c.relname::text as identifier,
        c.oid::regclass::text as name,
        case c.relkind when 'm' then 'materialized view' when 'v' then 'view' else 'table' end as kind,
        count(r.oid) > 0 as is_read,
        string_agg(r.oid::regclass::text, ', ') filter (where r.relname not like '%\_\_previous') as readers
    from pg_class as c
    left join lateral ({{ readers_of('c.oid') }}) as d on true
    left join pg_class as r on d.reader = r.oid
    where
        c.relnamespace::regnamespace::text in ('{{ schemas | join("', '") }}')
        and c.relkind in ('m', 'v', 'r', 'p')
        and c.relname like '%\_\_previous'
    group by c.oid
{%- endmacro %}


{# The views and materialized views that read a relation themselves. #}
{% macro readers_of(oid) %}
    select distinct w.ev_class as reader
    from pg_depend as d
    inner join pg_rewrite as w on d.objid = w.oid
    where
        d.classid = 'pg_rewrite'::regclass
        and d.refclassid = 'pg_class'::regclass
        and d.refobjid = {{ oid }}
        and w.ev_class <> d.refobjid
{%- endmacro %}
