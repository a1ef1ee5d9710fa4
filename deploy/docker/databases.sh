#!/bin/sh
# Run once by the image of PostgreSQL, when it makes its data: a database for each service, and the only user who may use it.
# All of them have the password of the superuser, as docker-compose.yml gives it to the services.
set -eu

for name in order_service courier_service assignment_service; do
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=name="$name" --set=password="$POSTGRES_PASSWORD" \
        --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
