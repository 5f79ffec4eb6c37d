-- Who has a login?
-- One row, or none.
select principal_id from reference.principals where login = %(login)s;
