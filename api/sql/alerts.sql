-- What should the key's principal know of?
-- One row per alert, newest first, from after (after_created_at, after_alert_id).
create function api.alerts(
    key_id bigint,
    alert_type text default null,
    priority integer default null,
    dismissed boolean default null,
    after_created_at timestamptz default null,
    after_alert_id bigint default null,
    page_size bigint default null
)
returns table (
    created_at timestamptz,
    alert_id bigint,
    principal text,
    alert_type text,
    instrument_id bigint,
    symbol text,
    message text,
    priority integer,
    is_read boolean,
    is_dismissed boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    a.created_at,
    a.alert_id,
    w.login,
    a.alert_type,
    a.instrument_id,
    i.symbol,
    a.message,
    a.priority,
    a.is_read,
    a.is_dismissed
from ops.visible_principals(alerts.key_id) as v
join reference.principals as w on w.principal_id = v.principal_id
-- A page of each principal's own, by index: the first of all are among the first of each.
cross join lateral (
    select n.*
    from portfolio.alerts as n
    where
        n.principal_id = v.principal_id
        and (alerts.alert_type is null or n.alert_type = alerts.alert_type)
        and (alerts.priority is null or n.priority <= alerts.priority)
        and (dismissed is null or n.is_dismissed = dismissed)
        and (
            after_created_at is null
            or (n.created_at, n.alert_id) < (after_created_at, after_alert_id)
        )
    order by n.created_at desc, n.alert_id desc
    limit page_size
) as a
left join reference.instruments as i on i.instrument_id = a.instrument_id
order by a.created_at desc, a.alert_id desc
limit page_size
$$;
