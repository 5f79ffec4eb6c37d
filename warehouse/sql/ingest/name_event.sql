-- Lets rows that are written next name an event that was opened before; null ends it.
-- One row.
select
    set_config(
        concat_ws('.', 'warehouse', %(schema)s::text, %(table)s::text, 'insert'),
        coalesce(%(event_id)s::text, ''),
        true
    ) as told;
