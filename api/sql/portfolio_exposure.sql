-- How is what a portfolio holds spread over sectors, asset types, currencies and instruments?
-- One row per dimension and bucket, by both, from after (after_dimension, after_bucket).
create function api.portfolio_exposure(
    key_id bigint,
    portfolio bigint,
    dimension text default null,
    after_dimension text default null,
    after_bucket text default null,
    page_size bigint default null
)
returns table (
    dimension text,
    bucket text,
    position_count bigint,
    long_exposure numeric,
    short_exposure numeric,
    gross_exposure numeric,
    net_exposure numeric,
    gross_weight double precision,
    net_weight double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.dimension,
    m.bucket,
    m.position_count,
    m.long_exposure,
    m.short_exposure,
    m.gross_exposure,
    m.net_exposure,
    m.gross_weight,
    m.net_weight
from marts.portfolio_exposure as m
where
    m.portfolio_id = (
        select v.portfolio_id
        from ops.visible_portfolios(portfolio_exposure.key_id) as v
        where v.portfolio_id = portfolio_exposure.portfolio
    )
    and (portfolio_exposure.dimension is null or m.dimension = portfolio_exposure.dimension)
    and (after_dimension is null or (m.dimension, m.bucket) > (after_dimension, after_bucket))
order by m.dimension, m.bucket
limit page_size
$$;
