-- What is kept of the number of an account?
-- One row, or none where no account has the public id.
select account_number_encrypted
from reference.accounts
where account_hash = %(account_hash)s;
