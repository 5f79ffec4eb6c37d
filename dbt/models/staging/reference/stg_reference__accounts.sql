select
    account_id,
    account_hash,
    display_name,
    account_type,
    base_currency,
    is_active
from {{ source('reference', 'accounts') }}
