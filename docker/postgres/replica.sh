#!/usr/bin/env bash
# Copies the primary the first time, then follows it. To make the replica anew, remove its volume.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Copied beside and renamed: a copy that was cut short is never taken for a whole one.
    copy="$PGDATA.copy"
    rm -rf "$copy" "$PGDATA"
    install -d -o postgres -g postgres -m 700 "$copy"
    echo "Copying $PRIMARY_HOST"
    gosu postgres pg_basebackup --host="$PRIMARY_HOST" --username=warehouse_replicator \
        --pgdata="$copy" --wal-method=stream --checkpoint=fast --write-recovery-conf
    mv "$copy" "$PGDATA"
fi

exec docker-entrypoint.sh "$@"
