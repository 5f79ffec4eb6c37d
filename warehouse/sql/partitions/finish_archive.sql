-- An archive's files are written, its manifest too.
-- One row.
update ops.archives
set
    state = 'written',
    manifest = %(manifest)s,
    file_hashes = %(file_hashes)s,
    row_count = %(row_count)s,
    byte_count = %(byte_count)s,
    audit_root = decode(%(audit_root)s, 'hex'),
    version = version + 1,
    updated_at = now()
where archive_id = %(archive_id)s;
