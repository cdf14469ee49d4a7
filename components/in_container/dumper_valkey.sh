# Takes a snapshot (RDB) of what Valkey has, and proves it: dumper_valkey.sh FOLDER SPOOL, before dumper.sh
# It asks the server nothing and has no password for it: it reads the file to which each change is added, as far as it is
# now, in a server of its own.
set -eu
umask 077
home=$1 spool=$2
copy=$spool/work
export copy

cli() {
  timeout 600 valkey-cli -s "$copy/socket" "$@"
}

# Starts a server on what lies in the copy, and waits until it has read it.
start_copy() {
  # What ends meanwhile by its time stays, so that the snapshot has what was counted.
  printf 'dir %s\nport 0\nunixsocket %s/socket\nsave ""\nenable-debug-command local\n' "$copy" "$copy" >"$copy/conf"
  valkey-server "$copy/conf" "$@" >"$copy/log" 2>&1 &
  echo $! >"$copy/pid"
  until [ "$(cli ping 2>&1)" = PONG ]; do
    kill -0 "$(cat "$copy/pid")" || {
      tail -n 3 "$copy/log" >&2
      return 1
    }
    sleep 0.2
  done
  [ "$(cli debug set-active-expire 0)" = OK ]
}

end_copy() {
  [ ! -s "$copy/pid" ] || kill -9 "$(cat "$copy/pid")"
}

# The keys of each database that stay, and those that end by their time.
count_keys() {
  cli info keyspace | tr -d '\r' |
    sed -n 's/^\(db[0-9]*\):keys=\([0-9]*\),expires=\([0-9]*\),.*/\1 \2 \3/p' >"$copy/keys"
  while read -r name keys expires; do
    echo "[\"$name\", $((keys - expires))]"
    [ "$expires" = 0 ] || echo "[\"$name, for a time\", $expires]"
  done <"$copy/keys"
}

# The files that Valkey names at present, in their order: the last one grows, and any part of it from its begin is what
# was at a moment. Another list meanwhile is another try.
copy_live() {
  list=$home/appendonlydir/appendonly.aof.manifest
  tries=0
  until take "$(cat "$list")" && [ "$(cat "$list")" = "$(cat "$copy/manifest")" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || {
      echo "the file of changes was written anew each time that it was copied" >&2
      return 1
    }
    sleep 0.5
  done
  grep -v ' type h$' "$copy/manifest" >"$copy/appendonlydir/appendonly.aof.manifest"
}

take() {
  rm -rf "$copy/appendonlydir"
  mkdir "$copy/appendonlydir"
  printf '%s\n' "$1" >"$copy/manifest"
  for name in $(sed -n 's/^file \([^ ]*\) .* type [bi].*/\1/p' "$copy/manifest"); do
    cp "$home/appendonlydir/$name" "$copy/appendonlydir/$name" 2>/dev/null || return 1
  done
}

do_dump() {
  rm -f "$spool/dump"
  copy_live
  start_copy --appendonly yes --appenddirname appendonlydir
  [ "$(cli save)" = OK ]
  count_keys
  mv "$copy/dump.rdb" "$spool/dump"
}

do_count() {
  copy_live
  start_copy --appendonly yes
  count_keys
}

do_prove() {
  valkey-check-rdb "$spool/dump" >"$copy/checked" || {
    tail -n 3 "$copy/checked" >&2
    return 1
  }
  ln "$spool/dump" "$copy/dump.rdb"
  start_copy --appendonly no
  count_keys
}
