-- Which instruments does the source name so in one of its schemes, and when?
-- One row per identifier found; KEY SHARE keeps each instrument until the load commits.
select
    i.external_id as name,
    n.instrument_id as key,
    n.exchange,
    n.asset_type,
    i.valid_from::timestamp at time zone 'UTC' as listed_at,
    i.valid_to::timestamp at time zone 'UTC' as delisted_at
from reference.instrument_identifiers as i
inner join reference.instruments as n on i.instrument_id = n.instrument_id
where
    i.source_id = %(source_id)s
    and i.identifier_type = %(identifier_type)s
    and i.external_id = any(%(names)s)
for key share of n;
