select
    account_id,
    flow_at,
    cash_flow_id,
    kind,
    amount,
    currency,
    is_external
from {{ source('portfolio', 'cash_flows') }}
