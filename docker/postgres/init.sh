#!/usr/bin/env bash
# Run once, when the data folder is made: the two logins that the containers use beside the owner's.
set -euo pipefail

psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\getenv reader_password POSTGRES_READER_PASSWORD
\getenv replication_password POSTGRES_REPLICATION_PASSWORD

-- `warehouse roles ensure` makes the other roles, and takes this one as it finds it.
create role warehouse_api nologin;

-- The API's login behind the pooler. What the API asks for at the start of a connection does not
-- get through a shared one, so the login brings it.
create role warehouse_reader login password :'reader_password';
grant warehouse_api to warehouse_reader;
alter role warehouse_reader set role = 'warehouse_api';
alter role warehouse_reader set default_transaction_read_only = on;
alter role warehouse_reader set statement_timeout = '10s';
alter role warehouse_reader set jit = off;
alter role warehouse_reader set timezone = 'UTC';

create role warehouse_replicator login replication password :'replication_password';
create extension if not exists pg_stat_statements;
SQL

# The image lets in every login but those that replicate.
echo "host replication warehouse_replicator samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
