select
    account_id,
    transaction_at,
    transaction_id,
    item_no,
    instrument_id,
    cost,
    fee_type
from {{ source('trading', 'transaction_items') }}
