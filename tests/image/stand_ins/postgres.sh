#!/bin/sh
# Sets up a cluster by POSTGRES_USER, _DB and _PASSWORD_FILE where there is none, then serves it.

set -eu

data=/var/lib/postgresql/data
bin=$(echo /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

[ -n "${POSTGRES_PASSWORD_FILE:-}" ] || { echo 'POSTGRES_PASSWORD_FILE is not set' >&2; exit 1; }
mkdir -p "$data" /run/postgresql
chown postgres: "$data" /run/postgresql
chmod 700 "$data"
if [ ! -s "$data/PG_VERSION" ]; then
    install -o postgres -m 400 "$POSTGRES_PASSWORD_FILE" /run/postgresql/pass
    # shellcheck disable=SC2086 # several words
    as_postgres "$bin/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile=/run/postgresql/pass \
        ${POSTGRES_INITDB_ARGS:-} >/dev/null
    rm /run/postgresql/pass
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    as_postgres "$bin/pg_ctl" -D "$data" -o "-c listen_addresses=''" -w start >/dev/null
    as_postgres "$bin/createdb" -U "$POSTGRES_USER" "$POSTGRES_DB"
    as_postgres "$bin/pg_ctl" -D "$data" -w stop >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups "$bin/postgres" -D "$data" -c "listen_addresses=*"
