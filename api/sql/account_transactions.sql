-- What moved an account's cash and securities, as the broker booked it?
-- One row per transaction, newest first, from after (after_transaction_at, after_transaction_id).
create function api.account_transactions(
    key_id bigint,
    account text,
    transaction_type text default null,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_transaction_at timestamptz default null,
    after_transaction_id bigint default null,
    page_size bigint default null
)
returns table (
    transaction_at timestamptz,
    transaction_id bigint,
    trade_date date,
    settlement_date date,
    transaction_type text,
    activity_type text,
    status text,
    sub_account text,
    net_amount numeric,
    currency text,
    order_id bigint,
    description text,
    items json
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
with page as (
    select t.*
    from trading.transactions as t
    where
        t.account_id = (
            select v.account_id
            from ops.visible_accounts(account_transactions.key_id) as v
            where v.account_hash = account_transactions.account
        )
        and (
            account_transactions.transaction_type is null
            or t.transaction_type = account_transactions.transaction_type
        )
        and t.transaction_at >= coalesce(from_at, '-infinity')
        and t.transaction_at < coalesce(to_at, 'infinity')
        and t.transaction_at <= coalesce(after_transaction_at, 'infinity')
        and (
            after_transaction_at is null
            or (t.transaction_at, t.transaction_id) < (after_transaction_at, after_transaction_id)
        )
    order by t.transaction_at desc, t.transaction_id desc
    limit page_size
)

select
    t.transaction_at,
    t.transaction_id,
    t.trade_date,
    t.settlement_date,
    t.transaction_type,
    t.activity_type,
    t.status,
    t.sub_account,
    t.net_amount,
    t.currency,
    t.order_id,
    t.description,
    (
        select coalesce(json_agg(item order by item.item_no), '[]')
        from (
            select
                n.item_no,
                n.instrument_id::text as instrument_id,
                n.amount::text as amount,
                n.cost::text as cost,
                n.price::text as price,
                n.position_effect,
                n.fee_type
            from trading.transaction_items as n
            where
                n.account_id = t.account_id
                and n.transaction_at = t.transaction_at
                and n.transaction_id = t.transaction_id
        ) as item
    )
from page as t
order by t.transaction_at desc, t.transaction_id desc
$$;
