-- How many positions do the splits that are in effect change?
-- One row; changes them. Holds the accounts' rows, ROW EXCLUSIVE on trading.positions.
select coalesce(trading.rebook_positions(array_agg(p.account_id), array_agg(p.instrument_id)), 0) as booked
from trading.positions as p
where p.instrument_id in (
    select s.instrument_id
    from market.splits as s
    where s.effective_day <= (now() at time zone 'UTC')::date
);
