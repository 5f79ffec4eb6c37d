select
    portfolio_id,
    account_id
from {{ source('portfolio', 'portfolio_accounts') }}
