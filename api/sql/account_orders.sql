-- What did an account order, leg by leg, and what became of it?
-- One row per order, newest first, from after (after_entered_at, after_order_id).
create function api.account_orders(
    key_id bigint,
    account text,
    status text default null,
    open boolean default null,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_entered_at timestamptz default null,
    after_order_id bigint default null,
    page_size bigint default null
)
returns table (
    entered_at timestamptz,
    order_id bigint,
    parent_order_id bigint,
    instrument_id bigint,
    symbol text,
    order_type text,
    session text,
    duration text,
    complex_strategy text,
    side text,
    quantity numeric,
    filled_quantity numeric,
    remaining_quantity numeric,
    price numeric,
    stop_price numeric,
    status text,
    status_description text,
    released_at timestamptz,
    closed_at timestamptz,
    legs json
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
with page as (
    select o.*
    from trading.orders as o
    where
        o.account_id = (
            select v.account_id
            from ops.visible_accounts(account_orders.key_id) as v
            where v.account_hash = account_orders.account
        )
        and (account_orders.status is null or o.status = account_orders.status)
        and (
            account_orders.open is null
            or (o.status not in ('filled', 'cancelled', 'replaced', 'rejected', 'expired'))
            = account_orders.open
        )
        and o.entered_at >= coalesce(from_at, '-infinity')
        and o.entered_at < coalesce(to_at, 'infinity')
        and (
            after_entered_at is null
            or (o.entered_at, o.order_id) < (after_entered_at, after_order_id)
        )
    order by o.entered_at desc, o.order_id desc
    limit page_size
)

select
    o.entered_at,
    o.order_id,
    o.parent_order_id,
    o.instrument_id,
    i.symbol,
    o.order_type,
    o.session,
    o.duration,
    o.complex_strategy,
    o.side,
    o.quantity,
    o.filled_quantity,
    o.remaining_quantity,
    o.price,
    o.stop_price,
    o.status,
    o.status_description,
    o.released_at,
    o.closed_at,
    (
        select coalesce(json_agg(leg order by leg.leg_no), '[]')
        from (
            select
                l.leg_no,
                l.instruction,
                l.instrument_id::text as instrument_id,
                li.symbol,
                l.quantity::text as quantity,
                (
                    select coalesce(json_agg(fill order by fill.executed_at), '[]')
                    from (
                        select
                            e.executed_at,
                            e.price::text as price,
                            e.quantity::text as quantity
                        from trading.execution_legs as e
                        where
                            e.account_id = l.account_id
                            and e.order_id = l.order_id
                            and e.leg_no = l.leg_no
                    ) as fill
                ) as fills
            from trading.order_legs as l
            join reference.instruments as li on li.instrument_id = l.instrument_id
            where l.account_id = o.account_id and l.order_id = o.order_id
        ) as leg
    )
from page as o
left join reference.instruments as i on i.instrument_id = o.instrument_id
order by o.entered_at desc, o.order_id desc
$$;
