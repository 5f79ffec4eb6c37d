-- What did a batch of option quotes change? Writes it; a value that is absent leaves the old one.
-- One row: how many were written, and which contracts nobody knows. ROW EXCLUSIVE on market.option_quotes.
with told as (
    select *
    from jsonb_populate_recordset(null::market.option_quotes, %(batch)s::jsonb)
),

written as (
    insert into market.option_quotes as q (
        option_contract_id,
        snapshot_at,
        source_id,
        expiration_date,
        bid,
        ask,
        last,
        mark,
        bid_size,
        ask_size,
        last_size,
        open,
        high,
        low,
        close,
        total_volume,
        open_interest,
        volatility,
        delta,
        gamma,
        theta,
        vega,
        rho,
        time_value,
        intrinsic_value,
        theoretical_value,
        theoretical_volatility
    )
    select
        t.option_contract_id,
        t.snapshot_at,
        t.source_id,
        c.expiration_date,
        t.bid,
        t.ask,
        t.last,
        t.mark,
        t.bid_size,
        t.ask_size,
        t.last_size,
        t.open,
        t.high,
        t.low,
        t.close,
        t.total_volume,
        t.open_interest,
        t.volatility,
        t.delta,
        t.gamma,
        t.theta,
        t.vega,
        t.rho,
        t.time_value,
        t.intrinsic_value,
        t.theoretical_value,
        t.theoretical_volatility
    from told as t
    inner join market.option_contracts as c on t.option_contract_id = c.option_contract_id
    on conflict (option_contract_id, snapshot_at, source_id) do update
        set
            bid = coalesce(excluded.bid, q.bid),
            ask = coalesce(excluded.ask, q.ask),
            last = coalesce(excluded.last, q.last),
            mark = coalesce(excluded.mark, q.mark),
            bid_size = coalesce(excluded.bid_size, q.bid_size),
            ask_size = coalesce(excluded.ask_size, q.ask_size),
            last_size = coalesce(excluded.last_size, q.last_size),
            open = coalesce(excluded.open, q.open),
            high = coalesce(excluded.high, q.high),
            low = coalesce(excluded.low, q.low),
            close = coalesce(excluded.close, q.close),
            total_volume = coalesce(excluded.total_volume, q.total_volume),
            open_interest = coalesce(excluded.open_interest, q.open_interest),
            volatility = coalesce(excluded.volatility, q.volatility),
            delta = coalesce(excluded.delta, q.delta),
            gamma = coalesce(excluded.gamma, q.gamma),
            theta = coalesce(excluded.theta, q.theta),
            vega = coalesce(excluded.vega, q.vega),
            rho = coalesce(excluded.rho, q.rho),
            time_value = coalesce(excluded.time_value, q.time_value),
            intrinsic_value = coalesce(excluded.intrinsic_value, q.intrinsic_value),
            theoretical_value = coalesce(excluded.theoretical_value, q.theoretical_value),
            theoretical_volatility = coalesce(excluded.theoretical_volatility, q.theoretical_volatility)
        where
        (
            q.bid, q.ask, q.last, q.mark, q.bid_size, q.ask_size, q.last_size, q.open, q.high,
            q.low, q.close, q.total_volume, q.open_interest, q.volatility, q.delta, q.gamma,
            q.theta, q.vega, q.rho, q.time_value, q.intrinsic_value, q.theoretical_value,
            q.theoretical_volatility
        ) is distinct from (
            coalesce(excluded.bid, q.bid),
            coalesce(excluded.ask, q.ask),
            coalesce(excluded.last, q.last),
            coalesce(excluded.mark, q.mark),
            coalesce(excluded.bid_size, q.bid_size),
            coalesce(excluded.ask_size, q.ask_size),
            coalesce(excluded.last_size, q.last_size),
            coalesce(excluded.open, q.open),
            coalesce(excluded.high, q.high),
            coalesce(excluded.low, q.low),
            coalesce(excluded.close, q.close),
            coalesce(excluded.total_volume, q.total_volume),
            coalesce(excluded.open_interest, q.open_interest),
            coalesce(excluded.volatility, q.volatility),
            coalesce(excluded.delta, q.delta),
            coalesce(excluded.gamma, q.gamma),
            coalesce(excluded.theta, q.theta),
            coalesce(excluded.vega, q.vega),
            coalesce(excluded.rho, q.rho),
            coalesce(excluded.time_value, q.time_value),
            coalesce(excluded.intrinsic_value, q.intrinsic_value),
            coalesce(excluded.theoretical_value, q.theoretical_value),
            coalesce(excluded.theoretical_volatility, q.theoretical_volatility)
        )
    returning 1
)

select
    (select count(*) from written) as written,
    (
        select coalesce(jsonb_agg(t.option_contract_id), '[]')
        from told as t
        where not exists (
            select from market.option_contracts as c
            where t.option_contract_id = c.option_contract_id
        )
    ) as refused;
