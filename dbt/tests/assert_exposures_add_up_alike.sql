with

totals as (

    select
        portfolio_id,
        dimension,
        sum(long_exposure) as long_exposure,
        sum(short_exposure) as short_exposure
    from {{ ref('portfolio_exposure') }}
    group by portfolio_id, dimension

)

select portfolio_id
from totals
group by portfolio_id
having
    count(*) <> 4
    or min(long_exposure) <> max(long_exposure)
    or min(short_exposure) <> max(short_exposure)
