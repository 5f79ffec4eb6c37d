select
    option_contract_id,
    underlying_id,
    instrument_id,
    osi_symbol,
    put_call,
    strike,
    expiration_date,
    expiration_type,
    multiplier,
    settlement_type,
    is_non_standard
from {{ source('market', 'option_contracts') }}
