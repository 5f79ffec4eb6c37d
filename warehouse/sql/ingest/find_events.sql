-- Which events does the source list under these tickers?
-- One row per event found; KEY SHARE keeps each until the load commits.
select
    ticker as name,
    market_event_id as key
from market.events
where source_id = %(source_id)s and ticker = any(%(names)s)
for key share;
