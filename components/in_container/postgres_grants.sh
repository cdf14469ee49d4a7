# Waits for PostgreSQL and makes the sites' roles and databases: postgres_grants.sh FOLDER SECONDS
set -eu
command -v pg_isready >/dev/null || {
  echo "the image has no pg_isready, so it is none of PostgreSQL; write another image of the service"
  exit 1
}
tries=0
until pg_isready -q -h "$1/run" -U postgres; do
  tries=$((tries + 1))
  [ "$tries" -le $(($2 * 2)) ] || {
    echo "PostgreSQL did not answer in $2 seconds"
    exit 1
  }
  sleep 0.5
done
exec psql --host="$1/run" --username=postgres --dbname=postgres --quiet --no-psqlrc --output=/dev/null --file=/incoming/service
