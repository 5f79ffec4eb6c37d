with

parts as (

    select
        instrument_id,
        date_trunc('week', bar_day)::date as bar_day,
        max(high) as high,
        min(low) as low,
        sum(volume) as volume,
        count(*) as day_count
    from {{ ref('bars_1d') }}
    group by instrument_id, date_trunc('week', bar_day)

),

weeks as (

    select * from {{ logic_of(ref('bars_1w')) }}

)

select
    coalesce(weeks.instrument_id, parts.instrument_id) as instrument_id,
    coalesce(weeks.bar_day, parts.bar_day) as bar_day
from weeks
full join parts on weeks.instrument_id = parts.instrument_id and weeks.bar_day = parts.bar_day
where
    (weeks.high, weeks.low, weeks.volume, weeks.day_count)
    is distinct from (parts.high, parts.low, parts.volume, parts.day_count)
