{#
  A relation whose columns change cannot be replaced in place. Its successor was built beside it; this
  lets it take the name, in the transaction that built it: readers see no gap, and nothing that stands on
  the old one is dropped. Views on it are defined anew on the successor. One that cannot stand there,
  because a column it reads is gone, stays on <name>__previous until it is built itself.
#}
{% macro swap_in(relation, next) %}
    {%- set previous = named(relation, '__previous') %}
do $swap$
declare
    path constant text := current_setting('search_path');
    views text[];
    definitions text[];
    definition text;
begin
    perform set_config('search_path', 'pg_catalog', true);  -- so that definitions name every schema
    select
        array_agg(c.oid::regclass order by c.oid desc),
        array_agg(format(
            'create or replace view %s %s as %s',
            c.oid::regclass, 'with (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid)
        ))
    into views, definitions
    from ({{ readers_of("'" ~ relation ~ "'::regclass") }}) as r
    inner join pg_class as c on r.reader = c.oid and c.relkind = 'v';

    -- In the order that readers lock in, or the two deadlock: views, the table, its partitions.
    foreach definition in array coalesce(views, '{}') loop
        begin
            execute format('alter view %s reset (check_option)', definition);
        exception
            when insufficient_privilege then null;
        end;
    end loop;
    if exists (select from pg_class as c where c.oid = '{{ relation }}'::regclass and c.relkind in ('r', 'p')) then
        lock table {{ relation }} in access exclusive mode;
    end if;
    perform ops.rename_relation('{{ relation }}', '{{ previous.identifier }}');
    perform ops.rename_relation('{{ next }}', '{{ relation.identifier }}');

    foreach definition in array coalesce(definitions, '{}') loop
        begin
            execute definition;
        exception
            when undefined_column or undefined_function or datatype_mismatch
                or invalid_table_definition or insufficient_privilege then
                null;  -- it reads on where it stands, and the run's end names it if nobody has moved it
        end;
    end loop;
    perform set_config('search_path', path, true);
end $swap$;
{%- endmacro %}


{% macro named(relation, suffix) %}
    {%- do return(relation.incorporate(path={'identifier': relation.identifier ~ suffix})) -%}
{% endmacro %}
