{{
    config(
        time_column='bar_day',
        grain=['instrument_id', 'bar_day'],
        bucket='exchange_day',
        scope_key='instrument_id',
        partition_interval='1 year',
        dimensions=['reference.instruments']
    )
}}

with

instruments as (

    select * from {{ ref('stg_reference__instruments') }}

),

bar_sources as (

    select * from {{ ref('bar_sources') }}
    where frequency = '1d'

),

daily_marks as (

    select * from {{ ref('stg_reference__daily_marks') }}
    where {{ in_scope_days('mark_day', 'instrument_id') }}

),

bars as (

    select * from {{ ref('stg_market__bars') }}
    where frequency = '1d' and not is_empty and {{ in_scope('bar_at', 'instrument_id', margin='1 day') }}

),

bars_15m as (

    select * from {{ ref('bars_15m') }}
    where {{ in_scope('bar_at', 'instrument_id', margin='1 day') }}

),

-- A day begins at midnight or at the opening, as the source has it: it is that of the session that ends next.
-- The calendar is no dimension, for a session that it learns of late moves bars that are there.
delivered as (

    select distinct on (bars.instrument_id, bar_day)
        bars.instrument_id,
        bars.source_id,
        coalesce(session.day_ahead, (bars.bar_at at time zone 'UTC')::date) as bar_day,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        bars.previous_close,
        null::bigint as minute_count
    from bars
    inner join bar_sources
        on bars.instrument_id = bar_sources.instrument_id and bars.source_id = bar_sources.source_id
    inner join instruments on bars.instrument_id = instruments.instrument_id
    {{ session_around('instruments.exchange', 'bars.bar_at') }}
    order by bars.instrument_id asc, bar_day asc, bars.bar_at desc

),

-- By the quarter of an hour, for whole hours would let in what was traded before an opening at half past.
in_session as (

    select
        bars_15m.*,
        coalesce(session.day_open, (bars_15m.bar_at at time zone 'UTC')::date) as bar_day
    from bars_15m
    inner join instruments on bars_15m.instrument_id = instruments.instrument_id
    {{ session_around('instruments.exchange', 'bars_15m.bar_at') }}
    where session.day_open is not null or not session.is_known

),

made as (

    {{ merge_bars('in_session', 'in_session.bar_day', name='bar_day') }}

),

offered as (

    select * from delivered

    union all

    select made.*
    from made
    left join bar_sources on made.instrument_id = bar_sources.instrument_id
    where made.source_id = coalesce(bar_sources.source_id, made.source_id)

),

final as (

    select distinct on (offered.instrument_id, offered.bar_day)
        offered.*,
        coalesce(daily_marks.adjusted_close, offered.close) as adjusted_close
    from offered
    left join daily_marks
        on
            offered.instrument_id = daily_marks.instrument_id
            and offered.bar_day = daily_marks.mark_day
            and offered.source_id = daily_marks.source_id
    order by offered.instrument_id asc, offered.bar_day asc, offered.minute_count asc nulls first

)

select * from final
