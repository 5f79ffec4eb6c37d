-- Which option contracts have these OSI symbols, and when do they expire?
-- One row per contract found; KEY SHARE keeps each until the load commits.
select
    osi_symbol as name,
    option_contract_id as key,
    expiration_date
from market.option_contracts
where osi_symbol = any(%(names)s)
for key share;
