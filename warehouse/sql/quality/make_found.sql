-- Where does a check put what it finds?
-- Makes a table of the session that lasts until the transaction ends. One row per finding.
create temporary table quality_found (
    severity text not null,
    relation text not null,
    instrument_id bigint,
    source_id bigint,
    frequency text,
    time_from timestamptz,
    time_to timestamptz,
    message text not null,
    details jsonb not null
) on commit drop;
