#!/bin/sh
# Run once by the image, over an empty data folder: Turvakt's own role, which owns its database and is no superuser.
set -eu
secrets=${SECRETS:-/run/secrets}
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
CREATE ROLE turvakt LOGIN PASSWORD '$(cat "$secrets/postgres_turvakt_password")';
CREATE DATABASE turvakt OWNER turvakt ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE turvakt FROM PUBLIC;
-- An erasure makes sure that no file holds what was deleted, the journal included.
GRANT pg_checkpoint TO turvakt;
\connect turvakt
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO turvakt;
SQL
