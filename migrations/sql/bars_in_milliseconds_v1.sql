-- What are the bars, for clients that count time in milliseconds since 1970?
-- One row per bar; takes no lock beyond that of a new view.
create view market.bars_in_milliseconds as
select
    b.instrument_id,
    b.frequency,
    b.bar_at,
    (extract(epoch from b.bar_at) * 1000)::bigint as bar_at_ms,
    b.source_id,
    b.open,
    b.high,
    b.low,
    b.close,
    b.volume,
    b.previous_close,
    (extract(epoch from b.previous_close_at) * 1000)::bigint as previous_close_at_ms,
    b.is_empty,
    b.event_id
from market.bars as b;

comment on view market.bars_in_milliseconds is
'Bars with their instants in milliseconds since 1970 too. Filter by bar_at, which prunes partitions. '
'One row per bar.';
comment on column market.bars_in_milliseconds.bar_at_ms is
'First moment of the bar, in milliseconds since 1970.';
comment on column market.bars_in_milliseconds.previous_close_at_ms is
'When the previous close was made, in milliseconds since 1970.';
