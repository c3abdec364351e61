# Once, when the database is made: a role of the hub's own, which owns its database and is no superuser.
# Read by the entry point of the postgres image, with its connection settings in the environment.
psql --set ON_ERROR_STOP=1 --set password="$HUB_PASSWORD" --username "$POSTGRES_USER" --dbname template1 <<'SQL'
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
CREATE EXTENSION citext;
CREATE ROLE bloghub LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE DATABASE bloghub OWNER bloghub TEMPLATE template1;
REVOKE ALL ON DATABASE bloghub FROM PUBLIC;
SQL
