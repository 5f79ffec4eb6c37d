-- Is this a span of time, and does it hold at least one partition?
-- One row; a text that is no interval is an error.
select
    %(retention)s::interval > interval '0' as is_positive,
    %(retention)s::interval >= %(partition_interval)s::interval as is_enough;
