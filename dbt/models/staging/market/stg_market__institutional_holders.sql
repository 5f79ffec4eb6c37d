select
    instrument_id,
    date_reported,
    holder_name,
    source_id,
    shares,
    value,
    percent_held
from {{ source('market', 'institutional_holders') }}
