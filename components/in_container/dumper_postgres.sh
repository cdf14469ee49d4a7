# Dumps databases of a server and proves the dumps: dumper_postgres.sh FOLDER SPOOL, before dumper.sh
# It is the server's administrator by its user (peer), so it has no password. What comes out of a dump never runs as the
# administrator in the copy: a site may have written a function into it.
set -eu
umask 077
home=$1 spool=$2
live=$home/run copy=$spool/work
export live spool
# The rows of each table, as a line of JSON each; what an extension has brought is its own.
count="SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I',
  CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname, nspname, relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE relkind = 'r' AND relpersistence <> 't' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype = 'e')
  ORDER BY nspname, relname \\gexec
SELECT json_build_array('large objects', count(*)) FROM pg_largeobject_metadata HAVING count(*) > 0;"

ask() {
  psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --username=postgres --host="$@"
}

# The dump and the rows are of the same moment: both see what one transaction saw at its begin.
do_dump() {
  export database="$1"
  rm -f "$spool/dump"
  ask "$live" --dbname="$1" <<SQL
SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET transaction_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv snapshot :snapshot
\\! pg_dump -h "\$live" -U postgres -d "\$database" --snapshot="\$snapshot" --lock-wait-timeout=300000 -Fc -Z0 -f "\$spool/work/dump"
\\if :SHELL_ERROR
\\quit
\\endif
$count
COMMIT;
\\! mv "\$spool/work/dump" "\$spool/dump"
SQL
  [ -f "$spool/dump" ]
}

# Into DATABASE of ROLE at HOST: what only the administrator can make, and then the rest as OPTION says. Behind `||` or in
# an `if`, `set -e` counts for nothing, so each step says what follows.
fill() {
  pg_restore --list "$spool/dump" >"$copy/all" || return 1
  kind='^[0-9]+; [0-9]+ [0-9]+'
  grep -E "$kind (SCHEMA|EXTENSION) " "$copy/all" >"$copy/first" || true
  grep -E "$kind (EVENT TRIGGER|PUBLICATION|SUBSCRIPTION|COMMENT - EXTENSION) " "$copy/all" >"$copy/last" || true
  grep -vxFf "$copy/first" "$copy/all" >"$copy/rest.1" || true
  grep -vxFf "$copy/last" "$copy/rest.1" >"$copy/rest" || true
  into="--host=$1 --dbname=$2 --exit-on-error --no-owner"
  # shellcheck disable=SC2086
  pg_restore $into --username=postgres --use-list="$copy/first" "$spool/dump" || return 1
  ask "$1" --dbname="$2" --set=role="$3" <<'SQL' || return 1
SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, :'role') FROM pg_namespace n
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND deptype = 'e')
  \gexec
SQL
  shift 3
  # shellcheck disable=SC2086
  pg_restore $into "$@" --use-list="$copy/rest" "$spool/dump" || return 1
}

do_prove() {
  initdb --pgdata="$copy/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --locale-provider=builtin \
    --data-checksums --no-sync --no-instructions >/dev/null
  pg_ctl --pgdata="$copy/data" --log="$copy/log" --wait --timeout=120 --silent start --options="-c listen_addresses='' \
    -c unix_socket_directories=$copy -c fsync=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
    -c shared_buffers=32MB -c maintenance_work_mem=32MB -c max_connections=20 -c max_parallel_workers=0 -c autovacuum=off"
  # Rules of rows name roles.
  ask "$live" --dbname=postgres --command="SELECT format('CREATE ROLE %I;', rolname) FROM pg_roles
    WHERE rolname !~ '^pg_' AND rolname <> 'postgres'" | ask "$copy" --dbname=postgres
  ask "$copy" --dbname=postgres --set=name="$1" <<'SQL'
ALTER ROLE :"name" LOGIN;
CREATE DATABASE :"name" OWNER :"name";
SQL
  fill "$copy" "$1" "$1" --username="$1" --no-acl
  printf '%s' "$count" | ask "$copy" --dbname="$1" >"$copy/rows"
  if command -v pg_amcheck >/dev/null && ask "$copy" --dbname="$1" \
    --command="CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog" 2>/dev/null; then
    pg_amcheck --host="$copy" --username=postgres --database="$1" >&2
  fi
  cat "$copy/rows"
}

end_copy() {
  [ ! -s "$copy/data/postmaster.pid" ] || pg_ctl --pgdata="$copy/data" --mode=immediate --silent stop
}

do_count() {
  printf '%s' "$count" | ask "$live" --dbname="$1"
}

# For a rehearsal, in a server of its own: the database by its own name.
do_fill() {
  ask "$live" --dbname=postgres --set=name="$1" <<'SQL'
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
  fill "$live" "$1" "$1" --username=postgres --role="$1"
  # Without numbers of its rows, a server chooses other ways than in production.
  ask "$live" --dbname="$1" --command=ANALYZE
}

# What comes back lies in a database of its own first. A dash is in no site's: nobody reaches it but the administrator.
do_load() {
  do_clear "$1"
  ask "$live" --dbname=postgres --set=name="$1" --set=new="$1-restore" <<'SQL'
CREATE DATABASE :"new" OWNER :"name" TEMPLATE template0;
REVOKE ALL ON DATABASE :"new" FROM PUBLIC;
SQL
  fill "$live" "$1-restore" "$1" --username=postgres --role="$1" || {
    do_clear "$1"
    return 1
  }
  [ ! -s "$copy/last" ] || pg_restore --host="$live" --username=postgres --dbname="$1-restore" --no-owner \
    --use-list="$copy/last" "$spool/dump"
  do_count "$1-restore"
}

# Both names change at once or none does.
do_switch() {
  ask "$live" --dbname=postgres --set=name="$1" --set=new="${3:-$1-restore}" --set=before="$1-before-$2" <<'SQL'
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE datname IN (:'name', :'new') \gset
BEGIN;
UPDATE pg_db_role_setting s SET setdatabase = n.oid FROM pg_database n, pg_database o
  WHERE s.setdatabase = o.oid AND o.datname = :'name' AND n.datname = :'new'
  AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = n.oid);
ALTER DATABASE :"name" RENAME TO :"before";
ALTER DATABASE :"new" RENAME TO :"name";
COMMIT;
SQL
}

list_before() {
  ask "$live" --dbname=postgres --set=begin="$1-before-" <<'SQL'
SELECT datname FROM pg_database WHERE starts_with(datname, :'begin') ORDER BY 1;
SQL
}

do_undo() {
  before=$(list_before "$1" | tail -n 1)
  [ -n "$before" ] || {
    echo "no state before a restore is kept of $1" >&2
    return 1
  }
  do_switch "$1" "$2" "$before"
}

do_clear() {
  drop "$1-restore"
}

do_forget() {
  list_before "$1" >"$copy/before"
  while read -r name; do
    drop "$name"
  done <"$copy/before"
  echo "[\"before\", $(wc -l <"$copy/before")]"
}

drop() {
  ask "$live" --dbname=postgres --set=name="$1" <<'SQL'
SET client_min_messages = error;
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SQL
}
