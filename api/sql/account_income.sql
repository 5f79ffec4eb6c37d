-- What did an account earn in dividends and interest, and pay in fees, month by month?
-- One row per month, currency and kind, oldest first, from after all three.
create function api.account_income(
    key_id bigint,
    account text,
    kind text default null,
    from_day date default null,
    to_day date default null,
    after_period_start date default null,
    after_currency text default null,
    after_kind text default null,
    page_size bigint default null
)
returns table (
    period_start date,
    currency text,
    kind text,
    amount numeric,
    itemized numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.period_start,
    m.currency,
    m.kind,
    m.amount,
    m.itemized
from marts.account_income_fees as m
where
    m.account_id = (
        select v.account_id
        from ops.visible_accounts(account_income.key_id) as v
        where v.account_hash = account_income.account
    )
    and (account_income.kind is null or m.kind = account_income.kind)
    -- Not before the cursor, so that a page begins where the last one ended.
    and m.period_start >= coalesce(greatest(from_day, after_period_start), '-infinity')
    and m.period_start < coalesce(to_day, 'infinity')
    and (
        after_period_start is null
        or (m.period_start, m.currency, m.kind) > (after_period_start, after_currency, after_kind)
    )
order by m.period_start, m.currency, m.kind
limit page_size
$$;
