-- Where do a batch's orders stand now? Writes what may follow; a value that is absent leaves the old one.
-- One row: how many changed, and what was refused. Lock the accounts first; ROW EXCLUSIVE on trading.orders.
with told as (
    select *
    from jsonb_populate_recordset(null::trading.orders, %(batch)s::jsonb)
),

judged as (
    select
        t.account_id,
        t.order_id,
        o.status as old,
        t.status as new,
        o.order_id is not null
        and (t.status is null or t.status = o.status or trading.may_follow(o.status, t.status)) as may_follow
    from told as t
    left join trading.orders as o on t.account_id = o.account_id and t.order_id = o.order_id
),

written as (
    update trading.orders as o
    set
        external_id = coalesce(t.external_id, o.external_id),
        status = coalesce(t.status, o.status),
        status_description = coalesce(t.status_description, o.status_description),
        remaining_quantity = coalesce(t.remaining_quantity, o.remaining_quantity),
        released_at = coalesce(t.released_at, o.released_at),
        closed_at = coalesce(t.closed_at, o.closed_at),
        cancelled_at = coalesce(t.cancelled_at, o.cancelled_at),
        cancelable = coalesce(t.cancelable, o.cancelable),
        editable = coalesce(t.editable, o.editable),
        version = o.version + 1,
        updated_at = now()
    from told as t
    inner join judged as j on t.account_id = j.account_id and t.order_id = j.order_id
    where
        j.may_follow
        and o.account_id = t.account_id
        and o.order_id = t.order_id
        and (
            o.external_id, o.status, o.status_description, o.remaining_quantity, o.released_at,
            o.closed_at, o.cancelled_at, o.cancelable, o.editable
        ) is distinct from (
            coalesce(t.external_id, o.external_id),
            coalesce(t.status, o.status),
            coalesce(t.status_description, o.status_description),
            coalesce(t.remaining_quantity, o.remaining_quantity),
            coalesce(t.released_at, o.released_at),
            coalesce(t.closed_at, o.closed_at),
            coalesce(t.cancelled_at, o.cancelled_at),
            coalesce(t.cancelable, o.cancelable),
            coalesce(t.editable, o.editable)
        )
    returning 1
)

select
    (select count(*) from written) as written,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'account_id', j.account_id, 'order_id', j.order_id, 'status', j.old, 'told', j.new
                    )
                ),
                '[]'
            )
        from judged as j
        where not j.may_follow
    ) as refused;
