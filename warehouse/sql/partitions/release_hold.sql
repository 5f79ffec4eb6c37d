-- Let go of a hold, and leave an event of it.
-- One row if the hold was in force.
with held as (
    select *
    from audit.holds
    where hold_id = %(hold_id)s and released_at is null
    for update
),

released as (
    update audit.holds as h
    set
        released_at = now(),
        released_by = coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user),
        version = h.version + 1,
        updated_at = now()
    from held as b
    where h.hold_id = b.hold_id
    returning h.*
)

select
    audit.record_event(
        'audit', 'holds', 'update', 1, account_ids => '{}', instrument_ids => '{}',
        images => jsonb_build_array(
            jsonb_build_object('key', r.hold_id::text, 'before', to_jsonb(b), 'after', to_jsonb(r))
        )
    ) as event_id
from released as r
inner join held as b on r.hold_id = b.hold_id;
