-- Does the warehouse hold instruments or accounts?
-- One row.
select
    exists (select from reference.instruments)
    or exists (select from reference.accounts) as holds_other_data;
