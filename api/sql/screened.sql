-- Which instruments have figures within bounds, and words that are equal?
-- One value per instrument, by key, from after after_id; only what is asked is in the query, for its index.
create function api.screened(key_id bigint, bounds text[], words jsonb, after_id bigint, page_size bigint)
returns setof bigint
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    figures constant text[] := array[
        'price', 'volume', 'relative_volume', 'from_sma_20', 'from_sma_50', 'from_sma_200',
        'from_52_week_high', 'from_52_week_low', 'market_cap', 'enterprise_value', 'trailing_pe',
        'forward_pe', 'peg_ratio', 'price_to_book', 'price_to_sales', 'enterprise_to_revenue',
        'enterprise_to_ebitda', 'profit_margin', 'operating_margin', 'gross_margin', 'return_on_assets',
        'return_on_equity', 'revenue', 'earnings_per_share', 'debt_to_equity', 'current_ratio',
        'quick_ratio', 'free_cash_flow', 'revenue_growth', 'earnings_growth', 'beta', 'dividend_yield',
        'payout_ratio', 'short_ratio', 'held_percent_insiders', 'held_percent_institutions', 'rsi_14',
        'macd_line', 'macd_histogram', 'bollinger_position', 'bollinger_width', 'volatility_20',
        'price_change_1d', 'price_change_5d', 'price_change_30d', 'average_volume_20'
    ];
    condition text;
begin
    if not ops.key_may(screened.key_id, 'read') then
        return;
    end if;
    if exists (
        select
        from unnest(bounds) as b (bound)
        where split_part(b.bound, ':', 1) <> all(figures) or split_part(b.bound, ':', 2) not in ('min', 'max')
    ) then
        raise invalid_parameter_value using message = 'A filter is a figure, min or max, and a number.';
    end if;
    select concat_ws(
        ' and ',
        'true',
        (
            select string_agg(
                format(
                    'm.%I %s %L',
                    split_part(b.bound, ':', 1),
                    case split_part(b.bound, ':', 2) when 'min' then '>=' else '<=' end,
                    split_part(b.bound, ':', 3)
                ),
                ' and '
            )
            from unnest(bounds) as b (bound)
        ),
        (
            select string_agg(format('m.%I = %L', w.key, w.value), ' and ')
            from jsonb_each_text(words) as w
            where w.value is not null
        ),
        'm.instrument_id > ' || after_id
    )
    into condition;
    return query execute format(
        'select m.instrument_id from marts.screener as m where %s order by m.instrument_id limit $1', condition
    ) using page_size;
end;
$$;
