select
    account_id,
    transaction_at,
    transaction_id,
    transaction_type,
    status,
    net_amount,
    currency,
    trade_id,
    cash_flow_id,
    description
from {{ source('trading', 'transactions') }}
