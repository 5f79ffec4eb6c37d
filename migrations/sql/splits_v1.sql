-- Which splits stand: those of the one source, by priority, that tells of any of the instrument's.
-- One row per instrument and day on which its units become more or fewer; takes no lock but a new view's.
create view market.splits as
select
    told.instrument_id,
    told.effective_day,
    -- A split and a stock dividend on one day multiply.
    max(case told.kind when 'split' then told.ratio else 1 end)
    * max(case told.kind when 'stock_dividend' then told.ratio else 1 end) as ratio
from (
    select
        a.instrument_id,
        a.effective_day,
        a.kind,
        a.ratio,
        rank() over (partition by a.instrument_id order by s.priority, s.source_id) as place
    from market.corporate_actions as a
    inner join reference.sources as s on a.source_id = s.source_id
    where a.kind in ('split', 'stock_dividend') and s.is_active
) as told
where told.place = 1
group by told.instrument_id, told.effective_day;

comment on view market.splits is
'Splits and stock dividends from one source an instrument. One row per instrument and effective day.';
comment on column market.splits.instrument_id is 'Key of the instrument.';
comment on column market.splits.effective_day is
'First day, in UTC, on which trades and marks are of the new units.';
comment on column market.splits.ratio is 'Units that one old unit has become.';

-- What do ratios, one after the other, come to?
create aggregate market.product(ratio numeric) ( -- noqa: PRS,LT01
    sfunc = numeric_mul, stype = numeric, initcond = '1', parallel = safe
);

comment on aggregate market.product(numeric) is -- noqa: LT01
'Product, such as of the ratios of splits; 1 of none.';
