-- Where does the bucket begin that holds a moment? Weeks begin on Monday, days in UTC.
-- One value; takes no lock. An exchange's day lies within its UTC day and the ones beside it.
create function ops.bucket_start(bucket text, moment timestamptz) returns timestamptz
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
    if bucket = 'all_time' then
        return '-infinity';
    elsif bucket is null or not isfinite(moment) then
        return moment;
    elsif bucket = 'exchange_day' then
        return date_trunc('day', moment) - interval '1 day';
    elsif bucket::interval in (interval '1 month', interval '3 months', interval '1 year') then
        return date_trunc(
            case bucket::interval when interval '1 month' then 'month' when interval '1 year' then 'year' else 'quarter' end,
            moment
        );
    end if;
    return date_bin(bucket::interval, moment, timestamptz '2001-01-01 00:00+00');
end;
$$;

-- Where does the last bucket end that a stretch reaches into, if it ends at a moment itself exclusive?
-- One value; takes no lock.
create function ops.bucket_end(bucket text, moment timestamptz) returns timestamptz
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
    if bucket = 'all_time' then
        return 'infinity';
    elsif bucket is null or not isfinite(moment) then
        return moment;
    elsif bucket = 'exchange_day' then
        return ops.bucket_start(bucket, moment - interval '1 microsecond') + interval '3 days';
    end if;
    return ops.bucket_start(bucket, moment - interval '1 microsecond') + bucket::interval;
end;
$$;
