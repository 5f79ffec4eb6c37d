-- An archive is begun; the one that a killed run left behind is taken up again.
-- One row: the archive's key; fails where another one of the partition is in force.
insert into ops.archives (parent_table, partition_name, range_from, range_to, location, state)
values (%(parent)s, %(partition)s, %(range_from)s, %(range_to)s, %(location)s, 'writing')
on conflict (parent_table, partition_name) where state not in ('superseded', 'failed')
do update
    set
        location = excluded.location,
        range_from = excluded.range_from,
        range_to = excluded.range_to,
        state = 'writing',
        manifest = null,
        file_hashes = null,
        row_count = null,
        byte_count = null,
        error = null,
        version = archives.version + 1,
        updated_at = now()
    where archives.state in ('writing', 'written')
returning archive_id;
