{#
  What the lots of an account's instrument go on from: its newest own row before the scope, with what was closed
  so far, and the lots that are open there, oldest first, in the units of that moment. A lateral join called
  `before`; all of it is null where there is nothing before.
#}
{% macro book_before(keys, splits) -%}
    left join lateral (
        select
            newest.executed_at as as_of,
            newest.closing_count,
            newest.closed_quantity_total,
            newest.fifo_pnl_total,
            newest.average_pnl_total,
            newest.closing_charges_total,
            newest.last_closed_at,
            row(
                newest.opened_total,
                newest.closed_total,
                newest.average_price,
                array(
                    select
                        row(
                            opened.executed_at,
                            opened.trade_id,
                            sign(newest.quantity)
                            * least(
                                opened.opened_quantity * became.ratio,
                                opened.opened_total * became.ratio - newest.closed_total
                            ),
                            opened.price
                        )::trading.lot
                    from {{ own_rows() }} as opened
                    cross join lateral (
                        select trading.split_ratio({{ splits }}, opened.executed_at, newest.executed_at) as ratio
                    ) as became
                    where
                        opened.account_id = {{ keys }}.account_id
                        and opened.instrument_id = {{ keys }}.instrument_id
                        and {{ before_scope('opened.executed_at') }}
                        and opened.executed_at >= newest.open_since
                        and opened.opened_quantity > 0
                        and opened.opened_total * became.ratio > newest.closed_total
                    order by opened.executed_at, opened.trade_id
                )
            )::trading.book as book
        from {{ own_rows() }} as newest
        where
            newest.account_id = {{ keys }}.account_id
            and newest.instrument_id = {{ keys }}.instrument_id
            and {{ before_scope('newest.executed_at') }}
        order by newest.executed_at desc, newest.trade_id desc
        limit 1
    ) as before on true
{%- endmacro %}
