{#
  What the indicators of an instrument go on from: its last own rows before the scope, and the state in the
  newest of them. A lateral join called `before`, without a row where there is nothing before.
#}
{% macro indicators_before(instrument_id, look_back) -%}
    left join lateral (
        select
            array_agg(own.indicator_day order by own.indicator_day) as days,
            array_agg(own.adjusted_close order by own.indicator_day) as closes,
            array_agg(own.volume order by own.indicator_day) as volumes,
            (
                select newest.smoothing
                from {{ own_rows() }} as newest
                where newest.instrument_id = {{ instrument_id }} and {{ before_scope_days('newest.indicator_day') }}
                order by newest.indicator_day desc
                limit 1
            ) as smoothing
        from (
            select recent.*
            from {{ own_rows() }} as recent
            where recent.instrument_id = {{ instrument_id }} and {{ before_scope_days('recent.indicator_day') }}
            order by recent.indicator_day desc
            limit {{ look_back }}
        ) as own
    ) as before on true
{%- endmacro %}
