-- Which symbols are new? Adds an instrument for each; one that another load was faster with is left.
-- One row per symbol added.
insert into reference.instruments (symbol, asset_type, exchange, currency)
select
    n.symbol,
    n.asset_type,
    %(exchange)s,
    %(currency)s
from unnest(%(symbols)s::text[], %(asset_types)s::text[]) as n (symbol, asset_type)
order by n.symbol
on conflict (symbol, asset_type, exchange) where delisted_at is null do nothing;
