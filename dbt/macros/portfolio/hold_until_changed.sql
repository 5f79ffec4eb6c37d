{#
  What is held on each day, from changes by the day's number that stand until the next of the same instrument. Days
  are cut from a list: joined by number, each span would be looked up on all days of its account, and 15,000 rows
  took 31 s.
#}
{% macro hold_until_changed(changes, days) -%}
    select
        spans.account_id,
        span.value_day,
        spans.instrument_id,
        spans.quantity,
        spans.price
    from (
        select
            account_id,
            instrument_id,
            price,
            quantity,
            greatest(day_no, 1)::integer as first_no,
            (lead(day_no, 1, day_count + 1) over w - 1)::integer as last_no
        from {{ changes }}
        window w as (partition by account_id, instrument_id order by day_no)
    ) as spans
    inner join (
        select
            account_id,
            array_agg(value_day order by day_no) as value_days
        from {{ days }}
        group by account_id
    ) as listed on spans.account_id = listed.account_id
    cross join lateral unnest(listed.value_days[spans.first_no:spans.last_no]) as span (value_day)
    where spans.quantity <> 0
{%- endmacro %}
