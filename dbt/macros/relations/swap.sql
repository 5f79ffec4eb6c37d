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
    definitions text[];
    definition text;
begin
    perform set_config('search_path', 'pg_catalog', true);  -- so that definitions name every schema
    select array_agg(format(
        'create or replace view %s %s as %s',
        c.oid::regclass, 'with (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid)
    )) into definitions
    from ({{ readers_of("'" ~ relation ~ "'::regclass") }}) as r
    inner join pg_class as c on r.reader = c.oid and c.relkind = 'v';

    {{ rename(relation, previous) }}
    {{ rename(next, relation) }}

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


{# PL/pgSQL: an index is named after its relation, and goes with it. #}
{% macro rename(relation, target_relation) %}
    {%- set name, new_name = relation.identifier, target_relation.identifier %}
    alter table {{ relation }} rename to {{ adapter.quote(new_name) }};
    for definition in
        select format(
            'alter index %s rename to %I',
            i.indexrelid::regclass, '{{ new_name }}' || substr(c.relname, length('{{ name }}') + 1)
        )
        from pg_index as i
        inner join pg_class as c on i.indexrelid = c.oid
        where i.indrelid = '{{ target_relation }}'::regclass and starts_with(c.relname, '{{ name }}_')
    loop
        execute definition;
    end loop;
{%- endmacro %}


{% macro named(relation, suffix) %}
    {%- do return(relation.incorporate(path={'identifier': relation.identifier ~ suffix})) -%}
{% endmacro %}
