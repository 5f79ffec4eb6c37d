-- Which listings do these symbols name, and when?
-- One row per listing found, delisted ones too; KEY SHARE keeps each until the load commits.
select
    symbol as name,
    instrument_id as key,
    exchange,
    asset_type,
    listed_at,
    delisted_at
from reference.instruments
where symbol = any(%(names)s)
for key share;
