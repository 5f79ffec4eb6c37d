-- Which principals have these logins?
-- One row per principal found; KEY SHARE keeps each until the load commits.
select
    login as name,
    principal_id as key
from reference.principals
where login = any(%(names)s)
for key share;
