#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the owner migrates, the application reads and writes.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
  --set=owner="$(cat /run/secrets/database_owner)" --set=application="$(cat /run/secrets/database_application)" <<'SQL'
create role bedplate_owner login createdb password :'owner';
create role bedplate login password :'application';
create database bedplate owner bedplate_owner;
\connect bedplate
create extension pg_stat_statements;
SQL
