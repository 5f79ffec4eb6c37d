-- Which instruments have a symbol that starts with, or a company name that holds, a text.
-- One row per listing, by upper-case symbol and key, from after (after_symbol, after_instrument_id).
create or replace function api.market_instruments(
    key_id bigint,
    q text default null,
    asset_type text default null,
    active boolean default null,
    after_symbol text default null,
    after_instrument_id bigint default null,
    page_size bigint default null
)
returns table (
    instrument_id bigint,
    symbol text,
    asset_type text,
    exchange text,
    currency text,
    company_name text,
    sector text,
    industry text,
    country text,
    multiplier numeric,
    underlying_id bigint,
    is_optionable boolean,
    is_active boolean,
    listed_at timestamptz,
    delisted_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
with searched as (
    select
        upper(coalesce(q, '') collate "C") as prefix,
        upper(coalesce(q, '') collate "C") || chr(1114111) as prefix_end,
        -- A text in a pattern stands for itself.
        '%' || regexp_replace(q, '([\\%_])', '\\\1', 'g') || '%' as pattern,
        upper(coalesce(after_symbol, '') collate "C") as last_symbol,
        coalesce(after_instrument_id, 0) as last_id
),

-- Two searches, each of which an index can serve and stop early; together by `or` they could not.
found as (
    select hit.*
    from searched as s
    cross join lateral (
        (
            select i.*, upper(i.symbol collate "C") as place
            from reference.instruments as i
            where
                (upper(i.symbol collate "C"), i.instrument_id) > (
                    greatest(s.last_symbol, s.prefix),
                    case when s.last_symbol >= s.prefix then s.last_id else 0 end
                )
                and upper(i.symbol collate "C") < s.prefix_end
                and (market_instruments.asset_type is null or i.asset_type = market_instruments.asset_type)
                and (active is null or i.is_active = active)
            order by upper(i.symbol collate "C"), i.instrument_id
            limit page_size
        )
        union all
        (
            select i.*, upper(i.symbol collate "C") as place
            from reference.instruments as i
            where
                s.pattern is not null -- or each name would be held against nothing
                and i.company_name ilike s.pattern
                and (upper(i.symbol collate "C"), i.instrument_id) > (s.last_symbol, s.last_id)
                and not (
                    upper(i.symbol collate "C") >= s.prefix
                    and upper(i.symbol collate "C") < s.prefix_end
                )
                and (market_instruments.asset_type is null or i.asset_type = market_instruments.asset_type)
                and (active is null or i.is_active = active)
            order by upper(i.symbol collate "C"), i.instrument_id
            limit page_size
        )
    ) as hit
    order by hit.place, hit.instrument_id
    limit page_size
)

select
    i.instrument_id,
    i.symbol,
    i.asset_type,
    i.exchange,
    i.currency,
    i.company_name,
    i.sector,
    i.industry,
    i.country,
    i.multiplier,
    i.underlying_id,
    i.is_optionable,
    i.is_active,
    i.listed_at,
    i.delisted_at
from found as i
where ops.key_may(market_instruments.key_id, 'read')
order by i.place, i.instrument_id
$$;
