-- Who read what? Whoever asks orders and pages them.
-- One row per report that was asked for; by the index that leads with what is asked for.
select
    a.access_id,
    a.accessed_at,
    a.principal_id,
    p.login,
    a.api_key_id,
    a.report,
    a.filter,
    a.row_count,
    a.status,
    a.request_id
from audit.access as a
left join reference.principals as p on a.principal_id = p.principal_id
where
    (%(since)s::timestamptz is null or a.accessed_at >= %(since)s)
    and (%(until)s::timestamptz is null or a.accessed_at < %(until)s)
    and (
        %(login)s::text is null
        or a.principal_id = (select n.principal_id from reference.principals as n where n.login = %(login)s)
    )
    and (%(report)s::text is null or a.report = %(report)s)
    and (%(request_id)s::text is null or a.request_id = %(request_id)s)
